from harness.bench.onset_calibration import CONDITIONS
from harness.bench.onset_detector import measure_detector


class _Steps:
    def __init__(self) -> None:
        self.done: list[tuple[float, float | None]] = []

    def step(self, what: str, unit: str = "") -> None:
        del what, unit

    def advance(self, done: float, total: float | None) -> None:
        self.done.append((done, total))


def test_every_condition_is_a_row_and_a_step_of_progress() -> None:
    progress = _Steps()
    rows = measure_detector(progress)
    assert [row.condition for row in rows] == [condition.name for condition in CONDITIONS]
    assert progress.done == [(n, len(CONDITIONS)) for n in range(1, len(CONDITIONS) + 1)]
