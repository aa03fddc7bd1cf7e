"""How exactly the audible-onset detector dates onsets that are known to the sample."""

from harness.bench.findings import DetectorFinding
from harness.bench.onset_calibration import CONDITIONS, calibrate
from harness.corpus import speech_like
from harness.model import Progress


def measure_detector(progress: Progress) -> tuple[DetectorFinding, ...]:
    """Run the detector over seeded signals and return its table.

    Args:
        progress: Receives the progress.
    """
    progress.step("the audible-onset detector", "conditions")
    rows = []
    for row in calibrate(speech_like):
        rows.append(row)
        progress.advance(len(rows), len(CONDITIONS))
    return tuple(rows)
