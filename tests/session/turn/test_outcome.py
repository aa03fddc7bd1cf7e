from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Fault, Party, Phase
from harness.model import (
    ERROR_LIMIT_NS,
    ProviderError,
    ResponseDone,
    ResponseStatus,
    TurnStatus,
)
from harness.session.playout.audio_flaw import AudioFlaw
from harness.session.turn.outcome import TurnFacts, classify

MS = 1_000_000
OURS = Fault(Party.OURS, Phase.RESPONSE, "stopped", "the run ended")
THEIRS = Fault(Party.THEIRS, Phase.RESPONSE, "close_1011", "internal error")
FAILED = ResponseDone("r", ResponseStatus.FAILED, "server_error", "try again")
CANCELLED = ResponseDone("r", ResponseStatus.CANCELLED)
COMPLETED = ResponseDone("r", ResponseStatus.COMPLETED)


def facts(**known: Any) -> TurnFacts:
    """Facts of a turn that was sent in time and of which nothing came."""
    nothing: dict[str, Any] = {
        "late_ns": 0,
        "held_up_ns": 0,
        "flaw": AudioFlaw(),
        "heard_ns": None,
        "phase": Phase.ENDPOINT,
        "limit_ns": 5_000 * MS,
        "done": None,
        "broken": None,
        "unfinished": False,
        "error": None,
        **dict.fromkeys(("begun", "audio", "text", "tool", "awaits_answer", "owed"), False),
    }
    return TurnFacts(**nothing | known)


def told(cut: Fault | None = None, **known: Any) -> tuple[TurnStatus, str, Party | None]:
    """Return status, code of the fault and whose it is."""
    status, fault = classify(facts(**known), cut)
    return status, fault.code if fault else "", fault.party if fault else None


@pytest.mark.parametrize(
    ("heard_ns", "status"),
    [(700 * MS, TurnStatus.COMPLETED), (0, TurnStatus.COMPLETED), (-1, TurnStatus.PREMATURE)],
)
def test_what_was_heard_without_a_failure_has_no_fault(heard_ns: int, status: TurnStatus) -> None:
    assert told(heard_ns=heard_ns, begun=True, audio=True) == (status, "", None)


def test_a_response_that_broke_off_is_told_by_the_providers_code_or_else_its_status() -> None:
    assert told(heard_ns=MS, broken=FAILED) == (
        TurnStatus.BROKEN_OFF,
        "server_error",
        Party.THEIRS,
    )
    assert told(heard_ns=MS, broken=CANCELLED)[1] == "cancelled"


@pytest.mark.parametrize(
    ("cut", "unfinished", "status"),
    [
        (THEIRS, True, TurnStatus.BROKEN_OFF),
        (THEIRS, False, TurnStatus.COMPLETED),
        (OURS, True, TurnStatus.COMPLETED),
    ],
)
def test_a_session_that_breaks_off_breaks_the_response_only_if_more_was_to_come(
    cut: Fault, unfinished: bool, status: TurnStatus
) -> None:
    assert classify(facts(heard_ns=MS, unfinished=unfinished), cut) == (status, cut)


@pytest.mark.parametrize(("cut", "status"), [(THEIRS, TurnStatus.CLOSED), (OURS, TurnStatus.VOID)])
def test_a_turn_cut_short_unheard_is_closed_or_our_own_doing(
    cut: Fault, status: TurnStatus
) -> None:
    assert classify(facts(begun=True), cut) == (status, cut)


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"awaits_answer": True, "audio": True, "tool": True}, "no_answer"),
        ({"audio": True, "tool": True, "text": True}, "silent_reply"),
        ({"tool": True, "text": True}, "tool_call"),
        ({"text": True}, "text_only"),
        ({}, "empty_reply"),
    ],
)
def test_a_completed_response_that_could_not_be_heard_says_what_it_was(
    known: dict[str, Any], code: str
) -> None:
    assert told(done=COMPLETED, begun=True, **known) == (TurnStatus.NO_REPLY, code, Party.THEIRS)


def test_a_failed_response_is_a_failed_turn() -> None:
    assert told(done=FAILED, begun=True) == (TurnStatus.FAILED, "server_error", Party.THEIRS)


@pytest.mark.parametrize(
    ("begun", "status", "code"),
    [(False, TurnStatus.NO_REPLY, "no_reply"), (True, TurnStatus.TIMEOUT, "timeout")],
)
def test_waiting_in_vain_is_told_by_whether_a_response_had_begun(
    begun: bool, status: TurnStatus, code: str
) -> None:
    assert told(begun=begun) == (status, code, Party.UNKNOWN)
    error = ProviderError("rate_limit", "slow down")
    assert told(begun=begun, error=error) == (status, code, Party.THEIRS)
    _, fault = classify(facts(begun=begun, error=error), None)
    assert fault is not None
    assert "within 5 s; last error rate_limit: slow down" in fault.detail


def test_nothing_at_all_is_dated_to_what_the_turn_waited_for() -> None:
    _, fault = classify(facts(phase=Phase.SEND), None)
    assert fault is not None
    assert fault.phase is Phase.SEND


def test_what_is_said_before_a_tool_is_called_does_not_answer() -> None:
    before: dict[str, Any] = {
        "heard_ns": MS,
        "audio": True,
        "tool": True,
        "awaits_answer": True,
        "begun": True,
    }
    assert told(**before, owed=True)[:2] == (TurnStatus.TIMEOUT, "no_answer")
    assert told(**before)[:2] == (TurnStatus.TIMEOUT, "timeout")
    assert told(**before, done=COMPLETED)[:2] == (TurnStatus.NO_REPLY, "no_answer")
    assert told(THEIRS, **before)[0] is TurnStatus.CLOSED


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"late_ns": ERROR_LIMIT_NS + 1}, "late_send"),
        ({"held_up_ns": 1}, "held_up"),
        ({"arrival_error_ns": ERROR_LIMIT_NS + 1}, "error_bound"),
        ({"late_ns": ERROR_LIMIT_NS, "arrival_error_ns": 1}, "error_bound"),
        ({"flaw": AudioFlaw("noise")}, "onset_unknown"),
    ],
)
def test_a_turn_that_we_spoiled_is_void_whatever_was_heard(
    known: dict[str, Any], code: str
) -> None:
    assert told(heard_ns=700 * MS, broken=FAILED, **known) == (
        TurnStatus.VOID,
        code,
        Party.OURS,
    )


def test_what_is_just_within_the_limits_is_not_void() -> None:
    assert told(heard_ns=MS, late_ns=ERROR_LIMIT_NS)[0] is TurnStatus.COMPLETED
    assert told(heard_ns=MS, arrival_error_ns=ERROR_LIMIT_NS)[0] is TurnStatus.COMPLETED
    assert told(late_ns=None)[0] is TurnStatus.NO_REPLY, "the frame was never sent"
    assert told(arrival_error_ns=ERROR_LIMIT_NS + 1)[0] is TurnStatus.NO_REPLY, "nothing arrived"


def test_audio_that_cannot_be_decoded_fails_the_turn_unless_it_was_cut_short_unheard() -> None:
    failed = (TurnStatus.FAILED, "undecodable_audio", Party.THEIRS)
    lost = AudioFlaw(undecodable=2)
    assert told(flaw=lost) == failed
    assert told(flaw=AudioFlaw("audio before it", 2), heard_ns=MS) == failed
    assert told(THEIRS, flaw=lost, heard_ns=MS) == failed
    assert told(THEIRS, flaw=lost)[0] is TurnStatus.CLOSED
    misread = AudioFlaw(misread="comes as an Ogg file")
    assert told(flaw=misread, heard_ns=MS) == told(THEIRS, flaw=misread) == failed


@given(
    st.fixed_dictionaries(
        {
            "late_ns": st.sampled_from([None, 0, 2 * ERROR_LIMIT_NS]),
            "held_up_ns": st.sampled_from([0, MS]),
            "flaw": st.builds(
                AudioFlaw,
                st.sampled_from(["", "noise"]),
                st.integers(0, 1),
                st.sampled_from(["", "x"]),
            ),
            "heard_ns": st.sampled_from([None, -MS, MS]),
            "done": st.sampled_from([None, COMPLETED, FAILED, CANCELLED]),
            "broken": st.sampled_from([None, FAILED, CANCELLED]),
            "error": st.sampled_from([None, ProviderError("e", "d")]),
            **{
                name: st.booleans()
                for name in ("unfinished", "begun", "audio", "text", "tool", "awaits_answer")
            },
            "owed": st.booleans(),
        }
    ),
    st.sampled_from([None, OURS, THEIRS]),
)
def test_every_turn_without_a_latency_has_a_fault_and_none_with_one_was_unheard(
    known: dict[str, Any], cut: Fault | None
) -> None:
    status, fault = classify(facts(**known), cut)
    if status in (TurnStatus.COMPLETED, TurnStatus.PREMATURE):
        assert fault in (None, cut)
    else:
        assert fault is not None
    if status.was_heard:
        assert known["heard_ns"] is not None
        assert not known["awaits_answer"]
    assert status is not TurnStatus.DROPPED
