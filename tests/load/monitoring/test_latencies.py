import math

import numpy as np
import pytest

from harness.analysis import BY_NAME, estimate, sample
from harness.load.monitoring import latencies
from harness.load.monitoring.latencies import PERCENTILES, LiveLatencies
from harness.model import TurnRecord, TurnStatus
from tests.analysis.conftest import build_turn

METRIC = "voice_to_voice"


def some_turns(n: int, network: str = "ideal", user_class: str = "") -> list[TurnRecord]:
    drawn = np.random.default_rng(7).gamma(4.0, 200.0, n)
    return [
        build_turn(float(ms), session=f"s{i // 5}", index=i, network=network, user_class=user_class)
        for i, ms in enumerate(drawn)
    ]


def test_percentiles_are_those_of_the_report_and_not_rounded() -> None:
    turns = some_turns(700)
    live = LiveLatencies()
    for start in range(0, len(turns), 33):
        live.add(turns[start : start + 33])
    found = live.percentiles(METRIC, live.strata())
    for p, estimated in zip(PERCENTILES, found, strict=True):
        expected = estimate(sample(BY_NAME[METRIC], turns, []), p)
        assert estimated.value_ms == expected.value_ms
        assert estimated.low_ms == pytest.approx(expected.low_ms)
        assert estimated.high_ms == pytest.approx(expected.high_ms)
    assert found[0].value_ms is not None
    assert found[0].value_ms != round(found[0].value_ms)


def test_networks_and_user_classes_are_apart_and_together_exact() -> None:
    first, second = some_turns(40, "ideal", "A"), some_turns(80, "lte_poor", "B")
    live = LiveLatencies()
    live.add([*first, *second])
    assert live.strata() == [("A", "ideal"), ("B", "lte_poor")]
    assert live.n(METRIC, [("B", "lte_poor")]) == 80
    together = live.percentiles(METRIC, live.strata())[0]
    assert together.n == 120
    assert together.value_ms == estimate(sample(BY_NAME[METRIC], first + second, []), 0.5).value_ms


def test_a_turn_that_timed_out_ranks_beyond_every_latency() -> None:
    live = LiveLatencies()
    live.add([build_turn(None, session=f"s{i}", status=TurnStatus.TIMEOUT) for i in range(60)])
    median = live.percentiles(METRIC, live.strata())[0]
    assert median.value_ms is None
    assert median.low_ms == 15_000.0


def test_memory_is_bounded_and_what_is_kept_is_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latencies, "LATEST", 100)
    live = LiveLatencies()
    live.add(build_turn(9_000.0, session=f"old{i}") for i in range(950))
    live.add(build_turn(500.0, session=f"new{i}") for i in range(100))
    median = live.percentiles(METRIC, live.strata())[0]
    assert median.n == 100
    assert median.value_ms is not None
    assert math.isclose(median.value_ms, 500.0)
    assert live.n(METRIC, live.strata()) == 1_050


def test_no_turn_is_lost_where_there_are_too_many_user_classes() -> None:
    live = LiveLatencies()
    live.add(build_turn(500.0, session=f"s{i}", user_class=f"C{i}") for i in range(100))
    assert live.n(METRIC, live.strata()) == 100
    assert len(live.strata()) == 65
    assert live.n(METRIC, [("other", "other")]) == 36


def test_without_a_turn_there_is_a_reason_and_no_number() -> None:
    live = LiveLatencies()
    assert live.strata() == []
    assert {(e.value_ms, bool(e.why)) for e in live.percentiles(METRIC, [])} == {(None, True)}
