from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.bench.behaviour import BehaviourFindings
from harness.bench.behaviour_truth import DealingFinding, ErrorFinding, FaultFinding
from harness.cli.selfcheck_behaviour import exit_code, lines
from harness.errors import ExitCode

ERROR = ErrorFinding(
    name="tool_gap", planned=9, turns=8, p50_ms=0.1, p95_ms=0.2, worst_ms=0.3, bar_ms=5.0
)
FAULT = FaultFinding(name="deaf", planted=8, recognised=8, mistaken=0, sign="it is deaf")
DEALT = DealingFinding(
    processes=1,
    schedule_hash="a" * 64,
    said_hash="b" * 64,
    calls={"Frequent": 30, "Rare": 10},
    turns_a_call={"Frequent": (1,), "Rare": (2,)},
)
FOUND = BehaviourFindings(
    made_at="2026-01-02T03:04:05+00:00",
    callers=50,
    errors=(ERROR,),
    faults=(FAULT,),
    dealings=(DEALT, replace(DEALT, processes=2)),
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda it: it, ExitCode.PASS),
        (lambda it: replace(it, errors=(replace(ERROR, p50_ms=-5.1),)), ExitCode.FAIL),
        (lambda it: replace(it, errors=(replace(ERROR, p95_ms=5.1),)), ExitCode.FAIL),
        (lambda it: replace(it, errors=(replace(ERROR, p50_ms=None),)), ExitCode.INCONCLUSIVE),
        (lambda it: replace(it, faults=(replace(FAULT, recognised=7),)), ExitCode.FAIL),
        (lambda it: replace(it, faults=(replace(FAULT, planted=0),)), ExitCode.INCONCLUSIVE),
        (
            lambda it: replace(it, dealings=(DEALT, replace(DEALT, said_hash="c" * 64))),
            ExitCode.FAIL,
        ),
        (
            lambda it: replace(it, dealings=(replace(DEALT, calls={"Frequent": 40}),)),
            ExitCode.FAIL,
        ),
    ],
)
def test_the_verdict_is_that_of_the_worst_bar(
    change: Callable[[BehaviourFindings], BehaviourFindings], code: ExitCode
) -> None:
    assert exit_code(change(FOUND)) is code


def test_the_tables_tell_what_was_not_measured() -> None:
    words = "\n".join(lines(replace(FOUND, errors=(replace(ERROR, turns=0, p50_ms=None),))))
    assert "not measured" in words
    assert "Frequent 30, Rare 10" in words
    assert "load - before the start" in words
