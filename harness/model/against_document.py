"""What two or more targets came to in the same turns, as a document: `docs/against.schema.json`.

Schema `harness.against/1`. Fields may be added; one that is renamed, removed or redefined raises
the number. The first target is the one that the others are compared with. Differences are of the
others against it: below zero they are faster. Latencies are milliseconds. What is not known is null
with a `why` beside it; a part that does not apply is absent. Every interval is two-sided at 95 %.
"""

from dataclasses import dataclass, field
from typing import Literal

from harness.model.behaviour_summary import BehaviourSummary
from harness.model.speech import CorpusFacts
from harness.model.summary import CostSummary, FailureSummary, MetricSummary
from harness.model.understanding import UnderstoodSummary
from harness.model.validity_summary import ValidityState, ValiditySummary

AGAINST_SCHEMA = "harness.against/1"

Verdict = Literal["faster", "slower", "inconclusive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFindings:
    """One target over all its runs.

    Attributes:
        name: What it was called on the command line, made unique.
        address: Without credentials.
        simulated: It is this project's simulator.
        model: The model that was asked for.
        dialect: Name of the wire protocol.
        frame_ms: Length of the callers' audio frames.
        runs: Folders of its runs, one a round, beside this document.
        folder: Folder of all of them as one run.
        validity: May it be judged.
        turns: Turns that have a record.
        turns_planned: Turns of the whole schedule.
        status: Turns by how they ended.
        metrics: By name, all turns and networks pooled.
        stages: Stages of a cascade by name, in their order.
        failure_rate: Share of turns that the API failed.
        failures_by_party: Turns that went wrong, by whose fault it was.
        behaviour: What came of interruptions and the like; only where a script asked for them.
        understanding: Word error rate; only where the API told transcripts of the caller.
        cost: In money, without its details.
    """

    name: str
    address: str
    simulated: bool
    model: str
    dialect: str
    frame_ms: int
    runs: tuple[str, ...]
    folder: str
    validity: ValiditySummary
    turns: int
    turns_planned: int
    status: dict[str, int]
    metrics: dict[str, MetricSummary]
    stages: dict[str, MetricSummary] = field(default_factory=dict)
    failure_rate: FailureSummary
    failures_by_party: dict[str, int]
    behaviour: BehaviourSummary | None = None
    understanding: UnderstoodSummary | None = None
    cost: CostSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyDifference:
    """How much slower the same turns were with a target.

    Attributes:
        metric: Name of the latency.
        unit: Always `ms`.
        n: Turns that were measured with both.
        calls: Planned calls that they belong to; the clusters of the interval.
        no_answer: Of the turns, those that the target did not answer: at least the limit.
        no_answer_against: Those that the other one did not answer.
        value: The median over turns; `None` when they do not support it.
        low: Lower end of its interval.
        high: Upper end.
        why: Why something is missing.
    """

    metric: str
    unit: str = "ms"
    n: int
    calls: int
    no_answer: int
    no_answer_against: int
    value: float | None
    low: float | None
    high: float | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceFindings:
    """One utterance on one network with both targets.

    Attributes:
        utterance: Id of the recording.
        transcript: Its words, where the corpus has them.
        network: Name of the network profile.
        n: Turns in which it was measured with both.
        ms: Median with the target; `None` beyond the limit.
        against_ms: Median with the other one.
        value: The difference of the two.
        why: Why something is missing.
    """

    utterance: str
    transcript: str = ""
    network: str
    n: int
    ms: float | None
    against_ms: float | None
    value: float | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpairedTurns:
    """Planned turns that could not be compared, by how they ended with either target.

    Attributes:
        status: With the target: a status of turns, `absent` where there is no record, `other
            words` where something else was said than with the other one.
        status_against: With the other one.
        n: How many.
        utterances: Ids of what was said in them, the first few.
    """

    status: str
    status_against: str
    n: int
    utterances: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetComparison:
    """One target against the first one.

    Attributes:
        target: Its name.
        against: Name of the first one.
        verdict: Of voice to voice; `faster` and `slower` only where the interval shows it.
        voice_to_voice: The difference that the verdict is about.
        error_bound_ms: By how much a turn's latency may be wrong through us, in the median over
            turns; a difference that is not larger is none. `None` where no turn tells it.
        more_turns: Further turns with each that would settle it, should the difference stay;
            `None` where it is settled, or where no number would.
        others: Other latencies.
        rounds: Voice to voice of each round by itself.
        each: Utterances one by one, the largest difference first.
        unpaired: Turns that are in none of this.
        why: Why the verdict is open.
    """

    target: str
    against: str
    verdict: Verdict
    voice_to_voice: LatencyDifference
    error_bound_ms: float | None
    more_turns: int | None = None
    others: tuple[LatencyDifference, ...]
    rounds: tuple[LatencyDifference, ...]
    each: tuple[UtteranceFindings, ...]
    unpaired: tuple[UnpairedTurns, ...]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstDocument:
    """The whole document.

    Attributes:
        schema: `harness.against/1`.
        scenario: Name of the scenario.
        corpus: What was said.
        started_at: When the first run began, ISO 8601 with zone.
        rounds_planned: How often each target was to be held.
        rounds: How often all of them were.
        state: The worst that a target's runs were found to be.
        reasons: Why, each with the target's name; then how targets differ in what they were asked.
        exit_code: Of the command: 0 every difference is settled, 2 one is not, 3 INVALID or not
            whole.
        targets: The one that the others are compared with, then the others.
        comparisons: One a further target.
    """

    schema: str
    scenario: str
    corpus: CorpusFacts
    started_at: str
    rounds_planned: int
    rounds: int
    state: ValidityState
    reasons: tuple[str, ...]
    exit_code: int
    targets: tuple[TargetFindings, ...]
    comparisons: tuple[TargetComparison, ...]
