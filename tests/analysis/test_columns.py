"""The columns give the very latencies that `turn_latency` defines, turn by turn."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.columns import TurnColumns
from harness.analysis.metrics import BY_NAME, METRICS, sample, turn_latency
from harness.errors import Fault, Party, Phase
from harness.model import TurnInstants, TurnKind, TurnRecord, TurnStatus

MS = 1_000_000
INSTANTS = sorted({name for m in METRICS if not m.of_session for name in (*m.start, m.end)})
EXTRA = ["speech_end_ns", "tool_call_ns", "talked_over_ns"]
_heard = (TurnStatus.COMPLETED, TurnStatus.BROKEN_OFF)


@st.composite
def turn(draw: st.DrawFn) -> TurnRecord:
    status = draw(st.sampled_from(list(TurnStatus)))
    at: dict[str, Any] = {
        name: draw(st.none() | st.integers(0, 40_000 * MS)) for name in {*INSTANTS, *EXTRA}
    }
    if status in _heard and at["first_audible_ns"] is None:
        at["first_audible_ns"] = 1
    in_text = draw(st.booleans())
    if in_text and status in _heard and at["first_text_ns"] is None:
        at["first_text_ns"] = 1
    return TurnRecord(
        session_id=draw(st.sampled_from(["a", "b", "c"])),
        turn_index=0,
        kind=TurnKind.FIRST,
        status=status,
        network=draw(st.sampled_from(["ideal", "lte"])),
        utterance_id="u",
        limit_ms=float(draw(st.integers(1_000, 15_000))),
        at=TurnInstants(**at),
        fault=Fault(Party.THEIRS, Phase.RESPONSE, "test"),
        in_text=in_text,
    )


@given(turns=st.lists(turn(), max_size=8))
def test_every_latency_is_that_of_the_turn_alone(turns: list[TurnRecord]) -> None:
    columns = TurnColumns(turns)
    for metric in METRICS:
        values, censored = columns.latencies(metric)
        for record, value, late in zip(turns, values, censored, strict=True):
            alone = turn_latency(metric, record)
            assert math.isnan(value) is (alone is None), metric.name
            if alone is not None:
                assert value == pytest.approx(alone.ms, abs=1e-9), metric.name
                assert bool(late) is alone.censored, metric.name


@given(turns=st.lists(turn(), max_size=8))
def test_a_part_of_the_turns_is_the_sample_of_that_part(turns: list[TurnRecord]) -> None:
    columns = TurnColumns(turns)
    metric = next(m for m in METRICS if m.name == "voice_to_voice")
    found = columns.sample(metric, columns.having("network", "lte"))
    alone = sample(metric, [t for t in turns if t.network == "lte"], ())
    assert found.values_ms == pytest.approx(alone.values_ms)
    assert found.floor_ms == alone.floor_ms
    assert len(np.unique(found.sessions)) == len(np.unique(alone.sessions))


def test_values_of_an_attribute_come_once_each() -> None:
    columns = TurnColumns([])
    assert columns.values("network") == []
    assert len(columns.having("network", "x")) == 0


def test_turns_are_in_the_stretch_of_the_run_in_which_speech_ended(
    make_turn: Callable[..., TurnRecord],
) -> None:
    """Speech ends at 10 s in each; only the values that a sample has are told."""
    columns = TurnColumns([make_turn(), make_turn(None, status=TurnStatus.CLOSED), make_turn()])
    blocks = columns.blocks(BY_NAME["voice_to_voice"], np.array([True, True, True]), 3.0)
    assert blocks is not None
    assert list(blocks) == [3, 3]


_late = st.none() | st.integers(0, 30 * MS)


@given(turns=st.lists(st.tuples(turn(), _late, _late, _late), max_size=8))
def test_every_error_bound_is_that_of_the_turn_alone(
    turns: list[tuple[TurnRecord, int | None, int | None, int | None]],
) -> None:
    records = [
        replace(
            record,
            endpoint_lateness_ns=late_ns,
            arrival_uncertainty_ns=uncertain_ns,
            processing_delay_ns=delay_ns,
        )
        for record, late_ns, uncertain_ns, delay_ns in turns
    ]
    for record, bound_ns in zip(records, TurnColumns(records).error_bounds_ns, strict=True):
        assert (None if math.isnan(bound_ns) else bound_ns) == record.error_bound_ns
