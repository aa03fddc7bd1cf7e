from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.metrics import BY_NAME
from harness.analysis.paired_difference import (
    PairedDifference,
    conditions,
    paired_differences,
    paired_summary,
)
from harness.model import TurnRecord, TurnStatus
from harness.model.summary import UtteranceComparison

HEADLINE = BY_NAME["voice_to_voice"]
MakeTurn = Callable[..., TurnRecord]


@pytest.fixture
def paired(make_turn: MakeTurn) -> Callable[..., list[TurnRecord]]:
    """Return a maker of a run: every session says every utterance, under one condition each."""

    def make(
        effect_ms: float | Sequence[float] = 100.0,
        *,
        utterances: int = 8,
        groups: int = 4,
        spread_ms: float = 0.0,
        session_ms: float = 0.0,
        names: tuple[str, str] = ("clean", "noisy"),
        seed: int = 3,
    ) -> list[TurnRecord]:
        rng = np.random.default_rng(seed)
        effects = np.broadcast_to(effect_ms, (utterances,))
        turns = []
        for session in range(2 * groups):
            name = names[session % 2]
            shift_ms = float(rng.normal(0, session_ms))
            for word in range(utterances):
                latency_ms = 500.0 + 70.0 * word + shift_ms + float(rng.normal(0, spread_ms))
                turns.append(
                    make_turn(
                        latency_ms + (effects[word] if name == names[1] else 0.0),
                        session=f"s{session}",
                        index=word,
                        utterance_id=f"{word}@{name}" if name else str(word),
                        original_id=str(word) if name else "",
                        condition=name,
                    )
                )
        return turns

    return make


def _one(turns: list[TurnRecord]) -> PairedDifference:
    (found,) = paired_differences(HEADLINE, turns)
    return found


def test_an_effect_without_noise_is_found_as_it_is(paired: Any) -> None:
    found = _one(paired(120.0))
    assert found.value_ms == pytest.approx(120.0)
    assert found.low_ms == pytest.approx(120.0)
    assert found.high_ms == pytest.approx(120.0)
    assert (found.turns, found.turns_against, found.sessions) == (32, 32, 8)
    assert [one.value_ms for one in found.utterances] == pytest.approx([120.0] * 8)
    assert {(one.n, one.n_against) for one in found.utterances} == {(4, 4)}


def test_it_is_the_same_words_that_are_compared(make_turn: MakeTurn, paired: Any) -> None:
    turns = paired(0.0)
    slow = {"utterance_id": "9@noisy", "original_id": "9", "condition": "noisy"}
    turns += [make_turn(9_000.0, session=f"s{n}", **slow) for n in range(30)]
    found = _one(turns)
    assert found.value_ms == pytest.approx(0.0)
    assert len(found.utterances) == 8


def test_networks_are_not_mixed(make_turn: MakeTurn, paired: Any) -> None:
    turns = paired(50.0)
    for turn in paired(50.0):
        record = {"utterance_id": turn.utterance_id, "original_id": turn.original_id}
        slower = turn.at.first_audible_ns - turn.at.speech_end_ns
        if turn.condition == "clean" or turn.turn_index < 3:
            turns.append(
                make_turn(
                    slower / 1e6 + 5_000.0,
                    session=f"lte {turn.session_id}",
                    network="lte",
                    condition=turn.condition,
                    **record,
                )
            )
    found = _one(turns)
    assert found.value_ms == pytest.approx(50.0)
    assert [one.network for one in found.utterances] == ["ideal"] * 8 + ["lte"] * 3


def test_originals_are_the_clean_ones_where_nothing_is_called_so(paired: Any) -> None:
    found = _one(paired(80.0, names=("", "phone")))
    assert (found.condition, found.against) == ("phone", "")
    assert found.value_ms == pytest.approx(80.0)


def test_without_clean_speech_nothing_is_compared(paired: Any, make_turn: MakeTurn) -> None:
    assert paired_differences(HEADLINE, paired(names=("noisy", "phone"))) == []
    assert conditions([make_turn(), make_turn()]) == []
    assert paired_summary([make_turn()]) == ()


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        ({"utterances": 5}, "needs 6 utterances measured under both conditions, has 5"),
        ({"groups": 1}, "needs more than 1 session under each condition"),
    ],
)
def test_too_little_is_not_a_number(paired: Any, shape: dict[str, int], why: str) -> None:
    found = _one(paired(**shape))
    assert (found.value_ms, found.low_ms, found.high_ms, found.why) == (None, None, None, why)


def test_two_networks_do_not_make_six_utterances_of_three(paired: Any, make_turn: Any) -> None:
    turns = paired(utterances=3)
    for turn in paired(utterances=3):
        more = {"utterance_id": turn.utterance_id, "original_id": turn.original_id}
        names = {"session": turn.session_id, "network": "lte", "condition": turn.condition}
        turns.append(make_turn(700.0, **names, **more))
    assert _one(turns).why == "needs 6 utterances measured under both conditions, has 3"


def test_turns_without_an_answer_stay_in(paired: Any, make_turn: MakeTurn) -> None:
    def unanswered(turn: TurnRecord) -> TurnRecord:
        told = {"utterance_id": turn.utterance_id, "original_id": turn.original_id}
        return make_turn(
            None,
            session=turn.session_id,
            status=TurnStatus.NO_REPLY,
            condition=turn.condition,
            **told,
        )

    turns = paired(100.0)
    some = [unanswered(t) if t.condition == "noisy" and t.turn_index < 2 else t for t in turns]
    found = _one(some)
    assert found.value_ms == pytest.approx(100.0)
    assert [one.value_ms for one in found.utterances[:3]] == [np.inf, np.inf, pytest.approx(100.0)]
    most = [unanswered(t) if t.condition == "noisy" and t.turn_index < 7 else t for t in turns]
    assert (_one(most).value_ms, _one(most).low_ms) == (None, None)
    assert _one(most).why == "too many turns had no answer within the limit"
    assert paired_summary(some)[0].unanswered == 2
    both = [unanswered(t) if t.turn_index < 2 else t for t in turns]
    assert [one.value_ms for one in _one(both).utterances[:2]] == [None, None]


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000))
def test_the_same_records_give_the_same_interval_in_any_order(seed: int) -> None:
    from_fixture = _RUNS[seed % len(_RUNS)]
    order = np.random.default_rng(seed).permutation(len(from_fixture))
    assert _one([from_fixture[int(at)] for at in order]) == _one(from_fixture)


_RUNS: list[list[TurnRecord]] = []


@pytest.fixture(autouse=True)
def _runs(paired: Any) -> None:
    if not _RUNS:
        _RUNS.extend(paired(40.0, spread_ms=60.0, seed=seed) for seed in range(3))


def test_sessions_that_differ_widen_the_interval(paired: Any) -> None:
    calm = _one(paired(0.0, spread_ms=20.0))
    torn = _one(paired(0.0, spread_ms=20.0, session_ms=200.0))
    assert _width(torn) > 4 * _width(calm)


def test_utterances_that_react_differently_widen_the_interval(paired: Any) -> None:
    even = _one(paired([100.0] * 12, utterances=12, spread_ms=5.0))
    uneven = _one(paired([0.0, 200.0] * 6, utterances=12, spread_ms=5.0))
    assert _width(uneven) > 5 * _width(even)


@pytest.mark.parametrize(
    ("utterance_ms", "session_ms", "spread_ms"),
    [(60.0, 60.0, 150.0), (0.0, 150.0, 10.0), (120.0, 0.0, 10.0)],
    ids=["everything", "sessions", "utterances"],
)
def test_the_interval_holds_the_truth_nearly_always(
    paired: Any, utterance_ms: float, session_ms: float, spread_ms: float
) -> None:
    held = 0
    for seed in range(20):
        rng = np.random.default_rng(100 + seed)
        effects = 100.0 + rng.normal(0, utterance_ms, 16)
        noise = {"spread_ms": spread_ms, "session_ms": session_ms}
        found = _one(paired(effects, utterances=16, seed=seed, **noise))
        assert found.low_ms is not None
        assert found.high_ms is not None
        held += found.low_ms <= 100.0 <= found.high_ms
    assert held >= 18


def _width(found: PairedDifference) -> float:
    assert found.low_ms is not None
    assert found.high_ms is not None
    return found.high_ms - found.low_ms


def test_the_summary_lists_the_utterances_of_the_headline_only(paired: Any) -> None:
    told = {one.metric: one for one in paired_summary(paired(100.0))}
    assert list(told) == ["voice_to_voice", "endpoint_delay", "response_delay"]
    assert told["voice_to_voice"].value == 100.0
    assert told["endpoint_delay"].value == 50.0
    assert told["voice_to_voice"].each[0] == UtteranceComparison(
        utterance="0", network="ideal", n=4, n_against=4, value=100.0
    )
    assert told["endpoint_delay"].each == ()
    assert told["voice_to_voice"].why == ""
