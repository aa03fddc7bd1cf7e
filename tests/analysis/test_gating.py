from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.comparison.effect import RunSpread
from harness.analysis.gating import GateReport, gate_against, gate_runs
from harness.analysis.objectives.evaluation import ObjectiveResult
from harness.analysis.objectives.evidence import RunEvidence
from harness.analysis.objectives.measured import Measured
from harness.analysis.objectives.objective import Objective
from harness.analysis.objectives.parsing import parse_objectives
from harness.analysis.objectives.quantities import FailureRate
from harness.analysis.objectives.verdict import GateVerdict
from harness.analysis.prices import PriceList
from harness.errors import BadInput, Party, RunInvalid
from harness.model import NS_PER_MS, Run, TurnInstants, TurnStatus

MakeRun = Callable[..., Run]
PRICES = PriceList(date="2026-01", currency="USD", source="x", models={})
LIMIT = {"metric": "voice_to_voice", "percentile": 95, "limit_ms": 5_000}
TOLERANCE = {"metric": "voice_to_voice", "percentile": 50, "tolerance": 0.1}


def asked(*tables: dict[str, Any]) -> Any:
    return parse_objectives({"objective": list(tables)}, "slo.toml")


def result(verdict: GateVerdict) -> ObjectiveResult:
    return ObjectiveResult(
        objective=Objective(quantity=FailureRate(), limit=0.1),
        run_id="run",
        verdict=verdict,
        found=Measured(value=None),
        measured="",
    )


def report(*verdicts: GateVerdict) -> GateReport:
    return GateReport(runs=("run",), objectives=tuple(map(result, verdicts)), confidence=0.95)


def test_every_absolute_limit_decides() -> None:
    assert report(GateVerdict.PASS, GateVerdict.PASS).verdict is GateVerdict.PASS
    assert report(GateVerdict.PASS, GateVerdict.FAIL).verdict is GateVerdict.FAIL


def test_a_gate_that_judged_nothing_does_not_pass() -> None:
    assert report().verdict is GateVerdict.INCONCLUSIVE


def test_every_run_must_meet_every_limit(simulate: MakeRun) -> None:
    runs = [simulate(name, seed=n, sessions=60) for n, name in enumerate("ab")]
    evidence = [RunEvidence(run, PRICES) for run in runs]
    found = gate_runs(evidence, asked(LIMIT, {"failure_rate": 0.1}))
    assert [one.run_id for one in found.objectives] == ["a", "a", "b", "b"]
    assert found.verdict is GateVerdict.PASS


def test_without_a_baseline_a_tolerance_is_told_and_alone_is_refused(simulate: MakeRun) -> None:
    evidence = [RunEvidence(simulate("a"), PRICES)]
    both = gate_runs(evidence, asked(LIMIT | {"tolerance": 0.1}))
    assert "there is no baseline" in both.notes[0]
    with pytest.raises(BadInput, match=r"objective 2 .* has a tolerance only"):
        gate_runs(evidence, asked(LIMIT, TOLERANCE))


def test_limits_and_tolerances_both_decide(simulate: MakeRun) -> None:
    mine = [simulate(f"b{n}", seed=n + 20, sessions=60) for n in range(6)]
    theirs = [simulate(f"a{n}", seed=n, sessions=60) for n in range(6)]
    found = gate_against(mine, theirs, asked(LIMIT, TOLERANCE), PRICES)
    assert found.verdict is GateVerdict.PASS
    assert len(found.objectives) == 6
    assert found.baseline == ("a0", "a1", "a2", "a3", "a4", "a5")
    assert len(found.shift) == 9
    assert found.shift_of == "voice_to_voice"
    slow = gate_against(mine, theirs, asked(LIMIT | {"limit_ms": 100}, TOLERANCE), PRICES)
    assert slow.verdict is GateVerdict.FAIL


def test_the_primary_comparison_decides_alone(simulate: MakeRun) -> None:
    mine = [simulate(f"b{n}", seed=n + 20, sessions=60, failed=60) for n in range(6)]
    theirs = [simulate(f"a{n}", seed=n, sessions=60) for n in range(6)]
    failures = {"failure_rate": 1.0, "tolerance": 0.01}
    found = gate_against(mine, theirs, asked(TOLERANCE, failures), PRICES)
    assert [c.verdict for c in found.comparisons] == [GateVerdict.PASS, GateVerdict.FAIL]
    assert found.verdict is GateVerdict.PASS


def test_pairs_are_found_by_their_schedules(simulate: MakeRun) -> None:
    mine = [simulate(f"b{n}", seed=n, sessions=60) for n in (1, 2, 3)]
    theirs = [simulate(f"a{n}", seed=n, sessions=60) for n in (3, 1, 2)]
    found = gate_against(mine, theirs, None, PRICES)
    assert found.baseline == ("a1", "a2", "a3")
    assert found.comparisons[0].effect is not None
    assert found.comparisons[0].effect.design == "paired"


def test_single_runs_say_what_their_verdict_rests_on(simulate: MakeRun) -> None:
    mine, theirs = [simulate("b", seed=1)], [simulate("a")]
    unknown = gate_against(mine, theirs, None, PRICES)
    assert unknown.verdict is GateVerdict.INCONCLUSIVE
    assert "--run-sd" in unknown.notes[0]
    known = gate_against(mine, theirs, None, PRICES, between={"": RunSpread(0.03, 0, "x")})
    assert "3.0% from x" in known.notes[0]
    several = gate_against(mine, [*theirs, simulate("c", seed=2)], None, PRICES)
    assert "single run" in several.notes[0]


def test_what_may_not_be_compared_is_refused(
    simulate: MakeRun, make_run: Any, make_turn: Any
) -> None:
    mine = simulate("b", seed=1)
    with pytest.raises(BadInput, match="differ in model"):
        gate_against([mine], [simulate("a", model="other")], None, PRICES)
    allowed = gate_against([mine], [simulate("a", model="other")], None, PRICES, allowed=["model"])
    assert allowed.notes[0].startswith("model differs")
    with pytest.raises(BadInput, match="nothing to compare"):
        gate_against([mine], [simulate("a")], asked(LIMIT), PRICES)
    spoiled = make_run([make_turn(None, status=TurnStatus.VOID, party=Party.OURS)])
    with pytest.raises(RunInvalid):
        gate_against([mine], [spoiled], None, PRICES)
    with pytest.raises(BadInput, match="is empty"):
        gate_against([mine], [make_run([])], None, PRICES)


def _slower(run: Run, change: Callable[[int, float], float]) -> Run:
    """Change every latency of a run, given the number of its turn and the latency in ms."""
    turns = []
    for number, turn in enumerate(run.turns):
        end_ns, heard_ns = turn.at.speech_end_ns, turn.at.first_audible_ns
        assert end_ns is not None
        assert heard_ns is not None
        ms = change(number, (heard_ns - end_ns) / NS_PER_MS)
        at = replace(turn.at, first_audible_ns=end_ns + round(ms * NS_PER_MS))
        turns.append(replace(turn, at=at))
    return replace(run, turns=tuple(turns))


CHANGES: dict[str, tuple[Callable[[int, float], float], bool]] = {
    "25 ms more": (lambda number, ms: ms + 25, True),
    "10 % more": (lambda number, ms: ms * 1.1, True),
    # Five runs of 500 turns are too few for that.
    "1 s more in 1 % of turns": (lambda number, ms: ms + 1_000 * (number % 100 == 0), False),
}


@pytest.mark.parametrize(("change", "is_found"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_found_or_inconclusive_with_what_could_have_been_found(
    change: Callable[[int, float], float], is_found: bool, simulate: MakeRun
) -> None:
    """Nothing is tolerated: no change of any shape passes, and an unchanged target never fails."""
    theirs = [simulate(f"a{seed}", seed=seed, sessions=100) for seed in range(5)]
    same = [simulate(f"b{seed}", seed=seed, sessions=100) for seed in range(50, 55)]
    wanted = asked(*(TOLERANCE | {"percentile": p, "tolerance": 0.0} for p in (50, 95, 99)))
    unchanged = gate_against(same, theirs, wanted, PRICES)
    assert GateVerdict.FAIL not in [one.verdict for one in unchanged.comparisons]
    found = gate_against([_slower(run, change) for run in same], theirs, wanted, PRICES)
    verdicts = [one.verdict for one in found.comparisons]
    assert GateVerdict.PASS not in verdicts
    assert (GateVerdict.FAIL in verdicts) is is_found
    assert all((one.detectable or 0.0) > 0 for one in found.comparisons)


def _in_text(run: Run) -> Run:
    turns = []
    for turn in run.turns:
        at = TurnInstants(
            speech_end_ns=turn.at.speech_end_ns, first_text_ns=turn.at.first_audible_ns
        )
        turns.append(replace(turn, at=at, in_text=True))
    return replace(run, turns=tuple(turns))


def test_calls_in_text_are_compared_by_their_first_tokens(simulate: MakeRun) -> None:
    mine = [_in_text(simulate(f"b{n}", seed=n, sessions=60, shift=0.4)) for n in (1, 2, 3)]
    theirs = [_in_text(simulate(f"a{n}", seed=n, sessions=60)) for n in (1, 2, 3)]
    found = gate_against(mine, theirs, None, PRICES)
    assert found.comparisons[0].objective.subject == "time_to_first_token P95"
    assert found.shift_of == "time_to_first_token"
    assert found.verdict is GateVerdict.FAIL


def test_what_calls_in_text_do_not_tell_is_neither_met_nor_missed(simulate: MakeRun) -> None:
    evidence = [RunEvidence(_in_text(simulate("a", sessions=60, failed=30)), PRICES)]
    within = {"metric": "voice_to_voice", "within_ms": 1_000, "share": 0.5}
    for unheard in (LIMIT, within):
        assert gate_runs(evidence, asked(unheard)).verdict is GateVerdict.INCONCLUSIVE
    token = {"metric": "time_to_first_token"}
    assert gate_runs(evidence, asked(LIMIT | token)).verdict is GateVerdict.PASS
    late = gate_runs(evidence, asked(within | token | {"share": 0.99}))
    assert late.verdict is GateVerdict.FAIL
    assert late.objectives[0].found.n == 300
