from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import Fault, Party, Phase
from harness.model import TokenUsage, TurnInstants, TurnKind, TurnRecord, TurnStatus

FAULT = Fault(Party.THEIRS, Phase.RESPONSE, "timeout", "nothing audible")
COUNTS = st.none() | st.integers(0, 10**6)
USAGES = st.builds(TokenUsage, input_text=COUNTS, output_audio=COUNTS, input_total=COUNTS)


def record(**changes: Any) -> TurnRecord:
    fields: dict[str, Any] = {
        "session_id": "s",
        "turn_index": 0,
        "kind": TurnKind.FIRST,
        "status": TurnStatus.COMPLETED,
        "network": "none",
        "utterance_id": "u",
        "limit_ms": 1_000.0,
        "at": TurnInstants(first_audible_ns=1),
    }
    return TurnRecord(**fields | changes)


@pytest.mark.parametrize("status", [TurnStatus.COMPLETED, TurnStatus.BROKEN_OFF])
def test_a_turn_that_was_heard_has_an_audible_instant(status: TurnStatus) -> None:
    with pytest.raises(ValueError, match="must have been heard"):
        record(status=status, at=TurnInstants(), fault=FAULT)


@pytest.mark.parametrize(
    "status", sorted(set(TurnStatus) - {TurnStatus.COMPLETED, TurnStatus.PREMATURE})
)
def test_every_other_end_says_why(status: TurnStatus) -> None:
    with pytest.raises(ValueError, match="needs a fault"):
        record(status=status)
    assert record(status=status, fault=FAULT).fault == FAULT


def test_turns_count_from_zero() -> None:
    with pytest.raises(ValueError, match="turn_index"):
        record(turn_index=-1)


@pytest.mark.parametrize(
    "name", ["endpoint_lateness_ns", "arrival_uncertainty_ns", "processing_delay_ns"]
)
def test_parts_of_the_error_are_unknown_or_not_negative(name: str) -> None:
    assert getattr(record(), name) is None
    assert getattr(record(**{name: 0}), name) == 0
    with pytest.raises(ValueError, match=f"{name} must not be negative"):
        record(**{name: -1})


def test_the_bound_of_a_turns_error_is_the_sum_of_its_parts() -> None:
    parts = {"endpoint_lateness_ns": 5, "arrival_uncertainty_ns": 3, "processing_delay_ns": 2}
    assert record(**parts).error_bound_ns == 10
    for name in parts:
        assert record(**parts | {name: None}).error_bound_ns is None


def test_a_turn_in_which_nothing_was_heard_has_no_arrival_to_be_wrong_about() -> None:
    silent = record(
        status=TurnStatus.NO_REPLY, fault=FAULT, at=TurnInstants(), endpoint_lateness_ns=5
    )
    assert silent.error_bound_ns == 5


@given(USAGES, USAGES)
def test_what_one_response_did_not_tell_the_sum_does_not_know(
    first: TokenUsage, second: TokenUsage
) -> None:
    added = first + second
    for name in ("input_text", "output_audio", "input_total"):
        parts = (getattr(first, name), getattr(second, name))
        expected = None if None in parts else sum(parts)
        assert getattr(added, name) == expected
