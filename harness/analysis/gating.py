"""A whole gate: what was judged and compared, and the one verdict it comes to."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.comparison.comparing import Comparison, Setting, compare
from harness.analysis.comparison.defaults import default_objectives
from harness.analysis.comparison.effect import RunSpread
from harness.analysis.comparison.likeness import refuse_unlike
from harness.analysis.comparison.pairing import pair_up
from harness.analysis.comparison.shift import DECILES, Floats, Shift, shifts
from harness.analysis.metrics import BY_NAME, headline_of
from harness.analysis.objectives.evaluation import ObjectiveResult, evaluate_objectives
from harness.analysis.objectives.evidence import Evidence, RunEvidence, Where
from harness.analysis.objectives.objective import Objective
from harness.analysis.objectives.parsing import CONFIDENCE, Objectives
from harness.analysis.objectives.quantities import Attainment, Percentile
from harness.analysis.objectives.verdict import GateVerdict, overall
from harness.analysis.prices import PriceList
from harness.analysis.quantiles import Sample
from harness.errors import BadInput
from harness.model import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """Everything a gate found.

    Attributes:
        runs: The runs judged, by name.
        objectives: Absolute limits, of every run.
        confidence: Of every one-sided statement.
        baseline: The runs they were held against, by name.
        comparisons: Tolerances, the one that decides first.
        shift: Where the difference lies, by decile of `shift_of`.
        shift_of: Name of the metric.
        caveats: Why a run is DEGRADED.
        notes: What else a reader must know.
    """

    runs: tuple[str, ...]
    objectives: tuple[ObjectiveResult, ...]
    confidence: float
    baseline: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    shift: tuple[Shift, ...] = ()
    shift_of: str = ""
    caveats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> GateVerdict:
        """The verdict of all that decides: every absolute limit, and the primary comparison."""
        deciding = [result.verdict for result in self.objectives]
        deciding += [found.verdict for found in self.comparisons if found.primary]
        return overall(deciding)


def gate_runs(evidence: Sequence[Evidence], asked: Objectives) -> GateReport:
    """Judge runs by themselves.

    Args:
        evidence: Of each run.
        asked: Their objectives.

    Raises:
        BadInput: An objective can only be judged against a baseline, or is about a part that a run
            does not have.
    """
    for number, objective in enumerate(asked.objectives, start=1):
        if objective.limit is None:
            raise BadInput(
                f"objective {number} ({objective.subject}) has a tolerance only",
                hint="Give --baseline RUN, or an absolute limit",
            )
    return GateReport(
        runs=tuple(one.run_id for one in evidence),
        objectives=_evaluated(evidence, asked),
        confidence=asked.confidence,
        caveats=_caveats(evidence),
        notes=tuple(
            f"{objective.subject} was not compared: there is no baseline"
            for objective in asked.objectives
            if objective.tolerance is not None
        ),
    )


def gate_against(
    runs: Sequence[Run],
    baseline: Sequence[Run],
    asked: Objectives | None,
    prices: PriceList,
    *,
    allowed: Collection[str] = (),
    in_pairs: bool | None = None,
    between: Mapping[str, RunSpread] | None = None,
) -> GateReport:
    """Judge runs by themselves and against baseline runs.

    Args:
        runs: The candidate's runs.
        baseline: The runs they are held against.
        asked: The objectives; `None` for the default comparisons.
        prices: The price list for the cost.
        allowed: Keys of facts that may differ between runs.
        in_pairs: Runs of the same number belong together; `None` to tell by their schedules.
        between: How runs of an unchanged target differ, for single runs, by subject.

    Raises:
        BadInput: The runs are not alike, or an objective is about a part that one does not have.
        RunInvalid: A run may not be judged.
    """
    candidate = [RunEvidence(run, prices) for run in runs]
    known = [(run, RunEvidence(run, prices)) for run in baseline]
    differing = refuse_unlike([*runs, *baseline], allowed)
    ordered, paired = pair_up(runs, baseline, wanted=in_pairs)
    against = [next(one for known_run, one in known if known_run is run) for run in ordered]
    whole = headline_of(turn for run in runs for turn in run.turns).name
    objectives = default_objectives(metric=whole) if asked is None else asked.objectives
    confidence = CONFIDENCE if asked is None else asked.confidence
    setting = Setting(confidence=confidence, in_pairs=paired, between=between or {})
    compared = compare(candidate, against, objectives, setting)
    if not compared:
        raise BadInput(
            "no objective has a tolerance, so there is nothing to compare with the baseline",
            hint='Add tolerance = 0.05 to an objective such as metric = "voice_to_voice"',
        )
    shifted = _shifted(compared[0].objective, whole)
    where = compared[0].objective.where
    subjects = [found.objective.subject for found in compared]
    samples = [
        [one.sample(BY_NAME[shifted], where) for one in side] for side in (candidate, against)
    ]
    shift = shifts(*samples, in_pairs=paired, drawn=_drawn(samples, shifted, where, setting))
    return GateReport(
        runs=tuple(one.run_id for one in candidate),
        objectives=() if asked is None else _evaluated(candidate, asked),
        confidence=confidence,
        baseline=tuple(one.run_id for one in against),
        comparisons=compared,
        shift=shift,
        shift_of=shifted,
        caveats=_caveats([*candidate, *against]),
        notes=(*differing, *_of_design(setting, len(runs), len(baseline), subjects)),
    )


def _drawn(
    samples: Sequence[Sequence[Sample]], metric: str, where: Where, setting: Setting
) -> Floats | None:
    """Return how much higher the candidate's deciles are for sessions drawn again."""
    if any(len(side) != 1 or not len(side[0].values_ms) for side in samples):
        return None
    mine, theirs = (
        setting.draws.of((number, metric, where), side[0], DECILES, number)
        for number, side in enumerate(samples, start=1)
    )
    # Where both are among right-censored turns, their difference is not known.
    with np.errstate(invalid="ignore"):
        return np.asarray(mine - theirs)


def _evaluated(evidence: Sequence[Evidence], asked: Objectives) -> tuple[ObjectiveResult, ...]:
    return tuple(found for one in evidence for found in evaluate_objectives(one, asked))


def _caveats(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason for one in evidence for reason in one.caveats))


def _shifted(objective: Objective, whole: str) -> str:
    """Return the metric whose deciles tell where the difference of an objective lies."""
    quantity = objective.quantity
    return quantity.metric if isinstance(quantity, Percentile | Attainment) else whole


def _of_design(
    setting: Setting, runs: int, baseline: int, subjects: Collection[str]
) -> Iterator[str]:
    """Yield what the reader must know of how the runs were laid out."""
    if runs == baseline == 1:
        if not setting.between:
            yield (
                "one run against one: how much runs differ from each other is not known, so no"
                " difference can be blamed on the target; give several runs a side, --history or"
                " --run-sd"
            )
        for subject, spread in setting.between.items():
            if subject and subject not in subjects:
                continue
            of = f" of {subject}" if subject else ""
            yield (
                f"one run against one: session bootstrap within each, and a standard deviation{of}"
                f" between runs of {spread.sd:.1%} from {spread.source}"
            )
    elif min(runs, baseline) == 1:
        yield "one side has a single run: its spread is taken to be that of the other side's runs"
