"""A gate's verdict as a JSON document: what other programs read. `docs/gate.schema.json`.

Within a number of the schema fields may be added. Sizes of comparisons are changes of the quantity
itself: shares of the baseline on the scale `ratio`, else its own unit; latencies are milliseconds.
What is not known is null.
"""

from typing import Literal, TypedDict

GATE_SCHEMA: Literal["harness.gate/1"] = "harness.gate/1"

Verdict = Literal["pass", "fail", "inconclusive"]


class BoundCheck(TypedDict):
    """What a second way of reckoning says of an objective's bounds."""

    name: str
    low: float | None
    high: float | None


class ObjectiveFinding(TypedDict):
    """An absolute limit, judged on one run.

    Attributes:
        run: Name of the run.
        objective: Quantity and limit in words.
        subject: The quantity and the part of the turns, in words.
        limit: In the quantity's unit.
        verdict: What was shown.
        value: The quantity as measured.
        low: What it is at least.
        high: What it is at most.
        n: How many it comes from.
        of: What these are, in the plural.
        sessions: How many sessions they come from.
        censored: How many of them are right-censored.
        n_eff: Independent ones they are worth.
        design_effect: Loss of precision since turns of a session are alike.
        icc: How alike they are: the intra-class correlation.
        why: Why something is missing, or what else the bounds rest on.
        checks: Other ways of reckoning.
        settle: What would settle an inconclusive verdict.
    """

    run: str
    objective: str
    subject: str
    limit: float | None
    verdict: Verdict
    value: float | None
    low: float | None
    high: float | None
    n: int
    of: str
    sessions: int
    censored: int
    n_eff: float | None
    design_effect: float | None
    icc: float | None
    why: str
    checks: list[BoundCheck]
    settle: str


class ComparisonFinding(TypedDict):
    """A tolerance, judged against the baseline.

    Attributes:
        subject: The quantity and the part of the turns, in words.
        primary: It decides.
        verdict: What was shown.
        scale: Whether sizes are shares of the baseline or differences in the quantity's unit.
        tolerance: The change that is tolerated.
        change: As measured.
        low: What the change is at least.
        high: What it is at most.
        detectable: The smallest true change that these runs fail in four of five cases.
        adjusted_p: Of a secondary one, the p-value of its verdict, adjusted by Holm.
        design: How the runs were laid out.
        runs_needed: Pairs, or runs a side, that would decide if the change stayed.
        candidate: The quantity in each of the runs.
        baseline: The same in each of the baseline's.
        why: Why something is missing.
    """

    subject: str
    primary: bool
    verdict: Verdict
    scale: Literal["ratio", "difference"]
    tolerance: float | None
    change: float | None
    low: float | None
    high: float | None
    detectable: float | None
    adjusted_p: float | None
    design: Literal["paired", "unpaired", "single"] | None
    runs_needed: int | None
    candidate: list[float | None]
    baseline: list[float | None]
    why: str


class DecileShift(TypedDict):
    """How one decile changed, in milliseconds."""

    p: float
    baseline: float | None
    change: float | None
    low: float | None
    high: float | None


class ShiftFinding(TypedDict):
    """Where a difference lies: the deciles of a metric."""

    metric: str
    deciles: list[DecileShift]


class GateDocument(TypedDict):
    """The verdict of a gate.

    Attributes:
        schema: `harness.gate/1`.
        verdict: Of all that decides.
        exit_code: Of the command.
        confidence: Of every one-sided statement.
        runs: Names of the runs that were judged.
        baseline: Names of those that they were held against.
        objectives: Absolute limits, one finding for each run and objective.
        comparisons: Tolerances, the primary one first.
        shift: Where the difference lies.
        degraded: Why a run is DEGRADED.
        notes: What else a reader must know.
    """

    schema: Literal["harness.gate/1"]
    verdict: Verdict
    exit_code: Literal[0, 1, 2]
    confidence: float
    runs: list[str]
    baseline: list[str]
    objectives: list[ObjectiveFinding]
    comparisons: list[ComparisonFinding]
    shift: ShiftFinding
    degraded: list[str]
    notes: list[str]


class GateRefusal(TypedDict):
    """Why a gate could judge nothing.

    Attributes:
        schema: `harness.gate/1`.
        verdict: The name of the exit code.
        exit_code: Of the command.
        error: What was wrong, where, and what to do.
    """

    schema: Literal["harness.gate/1"]
    verdict: Literal["invalid", "bad_input", "bug"]
    exit_code: Literal[3, 4, 70]
    error: str
