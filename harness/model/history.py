"""The history of a target: one line a run, small enough to live in a repository."""

from dataclasses import dataclass, field

HISTORY_SCHEMA = "harness.history/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentilePoint:
    """A percentile of one run.

    Attributes:
        value_ms: The percentile; `None` when it lies above the callers' time limit.
        se: Standard error of its logarithm by chance within the run; `None` when not known.
    """

    value_ms: float | None
    se: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRun:
    """A run, as far as later ones are held against it.

    Attributes:
        run_id: Its name.
        started_at: Wall time of its start, ISO 8601 with zone.
        fingerprint: Digest of all that runs must have in common to be compared.
        facts: What that was, in words, by name.
        target: Address without credentials.
        commit: Revision of harness.
        validity: VALID or DEGRADED.
        turns: Turns that have a record.
        percentiles: By subject, such as `voice_to_voice P95`.
        failure_rate: Share of turns that the API failed; `None` when it cannot be told.
        cost_per_minute: In the currency of the price list; `None` when it cannot be told.
        note: What the person who added it had to say, such as the build that was tested.
    """

    run_id: str
    started_at: str
    fingerprint: str
    facts: dict[str, str]
    target: str
    commit: str
    validity: str
    turns: int
    percentiles: dict[str, PercentilePoint] = field(default_factory=dict)
    failure_rate: float | None = None
    cost_per_minute: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A change of level that somebody looked at and took for the new baseline.

    Attributes:
        run_id: The first run of the new level.
        at: Wall time of the decision, ISO 8601 with zone.
        note: Why.
    """

    run_id: str
    at: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One line of a history: a run, or the acceptance of a change."""

    run: HistoryRun | None = None
    accepted: Acceptance | None = None
    schema: str = HISTORY_SCHEMA

    def __post_init__(self) -> None:
        """Refuse a line that is both or neither."""
        if (self.run is None) == (self.accepted is None):
            raise ValueError("a line of a history holds either a run or an acceptance")


@dataclass(frozen=True, slots=True)
class History:
    """A whole history, runs in the order of their start.

    Attributes:
        runs: Every run once.
        accepted: Acceptances, as they were made.
    """

    runs: tuple[HistoryRun, ...]
    accepted: tuple[Acceptance, ...] = ()
