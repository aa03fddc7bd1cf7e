"""How exactly the audible-onset detector dates onsets that are known to the sample."""

from harness.bench.findings import DetectorFinding
from harness.bench.onset_calibration import calibrate
from harness.bench.onset_table import ONSET_TABLE
from harness.corpus import speech_like
from harness.model import Progress


def measure_detector(progress: Progress) -> tuple[DetectorFinding, ...]:
    """Run the detector over seeded signals and return its table.

    Args:
        progress: Who hears how it goes.
    """
    progress.step("the audible-onset detector", "conditions")
    rows = []
    for row in calibrate(speech_like):
        rows.append(
            DetectorFinding(
                condition=row.condition,
                bias_ms=row.bias_ms,
                p95_abs_ms=row.p95_abs_ms,
                refused=row.refused,
                missed=row.missed,
                limit=row.limit,
            )
        )
        progress.advance(len(rows), len(ONSET_TABLE))
    return tuple(rows)
