import numpy as np

from harness.analysis.capacity.steady_state import steadiness, warm_up_end

AT_S = np.arange(0, 100, 0.5)
NOISE = np.random.default_rng(1).normal(0, 20, len(AT_S))


def test_a_warm_up_is_cut_where_it_ends() -> None:
    slow_start = 900 + NOISE + np.where(AT_S < 20, 1_500, 0)
    assert warm_up_end(AT_S, slow_start) == 20
    assert warm_up_end(AT_S + 7, slow_start, 7.0) == 27


def test_nothing_much_is_cut_where_nothing_warms_up() -> None:
    assert warm_up_end(AT_S, 900 + np.zeros(len(AT_S))) == 0
    assert warm_up_end(AT_S, 900 + NOISE) < 50


def test_no_more_than_half_is_cut() -> None:
    assert warm_up_end(AT_S, 2_000 - 10 * AT_S) <= 50


def test_too_short_a_step_is_left_as_it_is() -> None:
    short = AT_S[AT_S < 20]
    assert warm_up_end(short, 900 + 50 * short, 3.0) == 3
    unknown = steadiness(short, 900 + short, 0.0)
    assert unknown.steady is None
    assert unknown.why == "4 spans of 5 s have turns, 10 are needed"
    assert warm_up_end(np.empty(0), np.empty(0), 3.0) == 3


def test_a_trend_is_no_steady_state() -> None:
    level = steadiness(AT_S, 900 + NOISE, 0.0)
    assert (level.steady, level.why) == (True, "")
    for change, word in ((5 * AT_S, "rises"), (1_000 - 5 * AT_S, "falls")):
        found = steadiness(AT_S, 900 + NOISE + change, 0.0)
        assert found.steady is False
        assert word in found.why


def test_turns_without_an_answer_are_the_slowest() -> None:
    silent = np.where(AT_S > 50, np.inf, 900 + NOISE)
    assert "rises" in steadiness(AT_S, silent, 0.0).why
