"""`harness selfcheck steadiness`: what it prints and which code it ends with."""

import json
from pathlib import Path

import pytest

from harness.bench.steadiness import ALONE, PLAIN, UNDER_LOCUST, Steadiness, Trial
from harness.cli import selfcheck_steadiness
from harness.cli.app import run
from harness.errors import ExitCode


def trial(client: str, late_p999_ms: float | None, *failures: str) -> Trial:
    return Trial(
        client=client,
        sessions=40,
        late_p99_ms=None if late_p999_ms is None else 1.0,
        late_p999_ms=late_p999_ms,
        failures=failures,
        paused=False,
    )


@pytest.mark.parametrize(
    ("failures", "code"), [((), ExitCode.PASS), (("P99.9 34.0 ms",), ExitCode.FAIL)]
)
def test_a_number_that_did_not_hold_every_time_is_a_failure(
    failures: tuple[str, ...],
    code: ExitCode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = Steadiness(
        trials=(
            trial(UNDER_LOCUST, 34.0, *failures),
            trial(ALONE, 17.0),
            trial(PLAIN, None, "no frame was sent"),
        )
    )
    monkeypatch.setattr(selfcheck_steadiness, "measure_steadiness", lambda *_, **__: found)
    target = tmp_path / "found.json"
    assert run(["selfcheck", "steadiness", "--json", str(target)]) == code
    said = capsys.readouterr().out
    assert f"held {0 if failures else 1} of 1 times, worst P99.9 34.00 ms" in said
    assert f"{PLAIN}: held 0 of 1 times, worst P99.9 - ms" in said
    assert "over that of the engine alone: median 2.00, most 2.00" in said
    assert json.loads(target.read_text())["trials"][2]["late_p999_ms"] is None
