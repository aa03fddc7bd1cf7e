import json
from pathlib import Path

import pytest

from harness.bench import capacity_calibration
from harness.bench.capacity_calibration import SERVICES, PlantedService
from harness.cli import selfcheck_capacity
from harness.cli.app import run
from harness.errors import ExitCode
from harness.model import Progress


@pytest.fixture(autouse=True)
def _one_service(monkeypatch: pytest.MonkeyPatch) -> None:
    def calibrate(searches: int, seconds: float, progress: Progress, seed: int) -> object:
        return capacity_calibration.calibrate(searches, seconds, progress, (SERVICES[3],), seed)

    monkeypatch.setattr(selfcheck_capacity, "calibrate", calibrate)


def test_table_tells_limit_and_promises(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "found.json"
    words = ["selfcheck", "capacity", "--searches", "2", "--json", str(target)]
    assert run(words) == ExitCode.PASS
    said = capsys.readouterr().out
    assert "refusal beyond 17 calls" in said
    assert "2 of 2" in said
    (service,) = json.loads(target.read_text())["services"]
    assert service["limit"] == 17
    assert service["kept"]


def test_another_seed_draws_other_searches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    search_service = capacity_calibration.search_service

    def noted(service: PlantedService, seconds: float, seed: int) -> object:
        drawn.append(seed)
        return search_service(service, seconds, seed)

    monkeypatch.setattr(capacity_calibration, "search_service", noted)
    target = tmp_path / "found.json"
    for seed in ("0", "7"):
        words = ["--searches", "1", "--seed", seed, "--json", str(target)]
        assert run(["selfcheck", "capacity", *words]) == ExitCode.PASS
    assert len(set(drawn)) == 2
    assert json.loads(target.read_text())["seed"] == 7


def test_a_broken_promise_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(capacity_calibration, "holds", lambda *_: False)
    assert run(["selfcheck", "capacity", "--searches", "1"]) == ExitCode.FAIL
    assert "NOT KEPT" in capsys.readouterr().out
