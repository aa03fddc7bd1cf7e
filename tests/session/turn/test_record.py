from typing import Any

import pytest

from harness.dialects.base64_audio import Base64Audio
from harness.errors import Fault, Party, Phase
from harness.model import AudioFormat, StampBound, TurnKind, TurnRecord, TurnStatus
from harness.session.playout.response_audio import ResponseAudio
from harness.session.sent_frames import SentFrames
from harness.session.turn.barge_in import BargeInEffect
from harness.session.turn.instants import InstantNotes
from harness.session.turn.planned_speech import PlannedSpeech
from harness.session.turn.record import turn_record
from harness.session.turn.token_sum import TokenSum

MS = 1_000_000
SPOKEN = PlannedSpeech(
    session_id="call-1",
    turn_index=2,
    network="lossy",
    utterance_id="u@noisy",
    condition="noisy",
    original_id="u",
    onset_ns=2_000 * MS,
    end_ns=3_000 * MS,
    end_sample=77,
    end_due_ns=3_010 * MS,
    limit_ns=5_000 * MS,
)
FAULT = Fault(Party.UNKNOWN, Phase.ENDPOINT, "no_reply", "words")
DEAF = Fault(Party.THEIRS, Phase.PLAYOUT, "deaf", "words")


def audio(bound: StampBound | None = None) -> ResponseAudio:
    heard = ResponseAudio(AudioFormat(24_000), Base64Audio)
    heard.bound = bound
    return heard


def recorded(
    sending: SentFrames | None = None,
    heard: ResponseAudio | None = None,
    ids: dict[str, str] | None = None,
    **known: Any,
) -> TurnRecord:
    facts: dict[str, Any] = {
        "status": TurnStatus.NO_REPLY,
        "fault": FAULT,
        "origin_ns": 1_000 * MS,
        **dict.fromkeys(("now_ns", "behaviour", "barge_in", "lateness")),
    }
    return turn_record(
        SPOKEN,
        sending or SentFrames(),
        heard or audio(),
        InstantNotes({}),
        TokenSum(),
        ids or {},
        **facts | known,
    )


def test_what_was_planned_and_how_it_ended_are_in_it() -> None:
    record = recorded()
    assert (record.session_id, record.turn_index, record.network) == ("call-1", 2, "lossy")
    assert (record.utterance_id, record.condition, record.original_id) == ("u@noisy", "noisy", "u")
    assert (record.limit_ms, record.speech_end_sample) == (5_000, 77)
    assert (record.status, record.fault, record.kind) == (
        TurnStatus.NO_REPLY,
        FAULT,
        TurnKind.LATER,
    )
    assert record.at.speech_end_ns == 2_000 * MS


def test_what_was_not_measured_is_none_and_not_zero() -> None:
    record = recorded()
    assert record.send_lateness_max_ns is None
    assert record.endpoint_lateness_ns is None
    assert record.arrival_uncertainty_ns is None
    assert record.processing_delay_ns is None
    assert record.network_late_ns is None
    assert record.usage is None


def test_our_own_lateness_and_the_bound_of_the_stamp_are_in_it() -> None:
    sending = SentFrames()
    sending.note(3_012 * MS, 2 * MS, frames=1, samples=480, ends_speech=True)
    record = recorded(sending, audio(StampBound(3, 4)))
    assert (record.send_lateness_max_ns, record.endpoint_lateness_ns) == (2 * MS, 2 * MS)
    assert (record.arrival_uncertainty_ns, record.processing_delay_ns) == (3, 4)
    assert record.counts.frames_sent == 1


def test_the_providers_identifiers_are_cleaned() -> None:
    given = {"response": "r\x1b[31m\n1"}
    record = recorded(ids=given)
    assert record.provider_ids["response"].isprintable()
    given["response"] = "changed"
    assert record.provider_ids["response"] != "changed"


@pytest.mark.parametrize(("own", "told"), [(FAULT, FAULT), (None, DEAF)])
def test_the_fault_of_an_interruption_stands_where_the_turn_has_none(
    own: Fault | None, told: Fault
) -> None:
    heard = audio()
    heard.audible_ns = 3_500 * MS
    record = recorded(
        heard=heard,
        status=TurnStatus.COMPLETED,
        fault=own,
        barge_in=BargeInEffect(fault=DEAF),
    )
    assert record.fault == told
    assert record.kind is TurnKind.BARGE_IN


def test_the_network_is_asked_for_the_measured_part() -> None:
    asked = []

    def lateness(session_id: str, began_ns: int, ended_ns: int) -> int:
        asked.append((session_id, began_ns // MS, ended_ns // MS))
        return 9

    heard = audio()
    heard.audible_ns = 3_500 * MS
    assert recorded(heard=heard, lateness=lateness).network_late_ns == 9
    assert asked == [("call-1", 3_000, 3_500)]
