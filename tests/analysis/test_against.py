"""Verdicts on targets that were held with the same turns."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.analysis import summarise
from harness.analysis.against import HeldTarget, compare_targets
from harness.errors import ExitCode, Party
from harness.load.price_list import bundled_prices
from harness.model import DurationSummary, Run, TurnStatus
from harness.model.against_document import AgainstDocument
from tests.analysis.conftest import build_run, build_turn
from tests.analysis.test_paired_turns import ends

CALLS, TURNS = 10, 4


def a_run(shift_ms: float, noise_ms: float = 0.0, seed: int = 1, **more: Any) -> Run:
    """Return a run whose words take the same time whatever the noise and the shift."""
    words = np.random.default_rng(3).uniform(600, 900, (CALLS, TURNS))
    noise = np.random.default_rng(seed).normal(0, noise_ms, (CALLS, TURNS))
    table = words + shift_ms + noise
    turns = [
        build_turn(
            float(table[call, index]), session=f"s{call}", index=index, utterance_id=f"u{call}"
        )
        for call in range(CALLS)
        for index in range(TURNS)
    ]
    return build_run(turns, **more)


def target(name: str, *runs: Run) -> HeldTarget:
    return HeldTarget(
        name=name,
        runs=runs,
        folders=tuple(f"run-{name}-{number}" for number in range(len(runs))),
        whole=summarise(runs[0], bundled_prices()),
        folder=name,
    )


def compared(*held: HeldTarget, **more: Any) -> AgainstDocument:
    return compare_targets(held, rounds_planned=len(held[0].runs), **more)


@pytest.mark.parametrize(("shift_ms", "verdict"), [(80.0, "slower"), (-80.0, "faster")])
def test_what_the_interval_shows_is_the_verdict(shift_ms: float, verdict: str) -> None:
    found = compared(target("a", a_run(0.0)), target("b", a_run(shift_ms, 60.0)))
    (one,) = found.comparisons
    assert (one.target, one.against, one.verdict) == ("b", "a", verdict)
    _, low, high = ends(one.voice_to_voice)
    assert low <= shift_ms <= high
    assert one.more_turns is None
    assert found.exit_code == ExitCode.PASS


def test_an_open_verdict_says_how_many_turns_would_settle_it() -> None:
    found = compared(target("a", a_run(0.0)), target("b", a_run(15.0, 150.0)))
    (one,) = found.comparisons
    assert one.verdict == "inconclusive"
    _, low, high = ends(one.voice_to_voice)
    assert low < 0 < high
    assert one.why == "the interval holds zero"
    assert one.more_turns in range(1, 100 * CALLS * TURNS)
    assert found.exit_code == ExitCode.INCONCLUSIVE


@pytest.mark.parametrize("shift_ms", [0.05, -0.05])
def test_a_difference_within_the_error_of_a_turn_is_none(shift_ms: float) -> None:
    found = compared(target("a", a_run(0.0)), target("b", a_run(shift_ms)))
    (one,) = found.comparisons
    assert ends(one.voice_to_voice) == pytest.approx((shift_ms,) * 3)
    assert one.error_bound_ms == pytest.approx(0.1)
    assert one.verdict == "inconclusive"
    assert "no larger than what a turn may be wrong by" in one.why
    assert one.more_turns is None


def test_each_further_target_is_compared_with_the_first() -> None:
    found = compared(
        *(target(name, a_run(ms)) for name, ms in zip("abc", (0, 50, -50), strict=True))
    )
    assert [(one.target, one.against, one.verdict) for one in found.comparisons] == [
        ("b", "a", "slower"),
        ("c", "a", "faster"),
    ]
    assert [one.name for one in found.targets] == ["a", "b", "c"]


def test_an_invalid_run_comes_first_and_decides_the_exit_code() -> None:
    late = DurationSummary(n=1_000, p50_ms=9.0, p99_ms=90.0, p999_ms=95.0, max_ms=99.0)
    bad = a_run(50.0, send_lateness=late)
    found = compared(target("a", a_run(0.0)), target("b", bad))
    assert found.state == "INVALID"
    assert found.exit_code == ExitCode.INVALID
    assert found.reasons[0].startswith("b is INVALID: ")


def test_rounds_that_were_not_held_make_it_not_whole() -> None:
    found = compared(target("a", a_run(0)), target("b", a_run(50)), cut_short="interrupted")
    assert found.state == "DEGRADED"
    assert found.reasons == ("interrupted",)
    assert found.exit_code == ExitCode.INVALID


def test_targets_with_other_words_are_named() -> None:
    other = a_run(50)
    corpus = replace(other.manifest.corpus, name="another", digest="1" * 64)
    other = replace(other, manifest=replace(other.manifest, corpus=corpus, model="another"))
    found = compared(target("a", a_run(0)), target("b", other))
    assert found.state == "DEGRADED"
    assert found.reasons == ("the targets differ in corpus: made up of a, another of b",)


def test_failures_are_told_by_party_and_every_round_by_itself() -> None:
    run = a_run(0)
    lost = [
        build_turn(None, session="s0", index=n, status=TurnStatus.FAILED, party=party)
        for n, party in enumerate((Party.THEIRS, Party.THEIRS, Party.NETWORK))
    ]
    run = replace(run, turns=(*lost, *run.turns[3:]))
    found = compared(target("a", run, a_run(0)), target("b", a_run(40), a_run(60)))
    assert found.targets[0].failures_by_party == {"theirs": 2, "network": 1}
    (one,) = found.comparisons
    assert [part.value for part in one.rounds] == pytest.approx([40, 60])
    assert [(part.status, part.n) for part in one.unpaired] == [("completed", 3)]
    assert found.targets[0].cost.detail is None
