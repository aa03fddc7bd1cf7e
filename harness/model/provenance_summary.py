"""What `summary.json` says of where a run comes from."""

from dataclasses import dataclass

from harness.model.class_target import ClassTarget
from harness.model.run import ArrivalStamps


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceSummary:
    """What it takes to do the same run again."""

    started_at: str
    scenario: str
    target: str
    simulated: bool
    model: str
    dialect: str
    frame_ms: int
    turn_limit_ms: float
    seeds: dict[str, int]
    schedule_hash: str
    scenario_digest: str
    settings: dict[str, str]
    versions: dict[str, str]
    host: dict[str, str]
    commit: str
    arrival_stamps: ArrivalStamps
    targets: tuple[ClassTarget, ...] = ()
