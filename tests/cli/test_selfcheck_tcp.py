import json
from pathlib import Path

import pytest

from harness import environment
from harness.bench import proxy_validation
from harness.cli.app import run
from harness.errors import ExitCode
from harness.model import NoProgress
from harness.network import find_or_install


@pytest.fixture
def toxiproxy() -> Path:
    return find_or_install(environment.cache_dir(), NoProgress())


def test_every_case_is_printed_beside_the_kernel_and_the_exit_code_follows_the_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "found.json"
    code = run(["selfcheck", "tcp", "--json", str(target), "--flows", "1"])
    rows = json.loads(target.read_text())
    barred = [row for row in rows if row["case"]["bar"]]
    assert len(barred) == 6
    assert all(row["mean_ms"] > 0 for row in rows)
    off = [
        abs(row[figure] / row["case"][figure] - 1)
        for row in barred
        for figure in ("mean_ms", "late_percent")
    ]
    assert code == (ExitCode.PASS if max(off) <= 0.2 else ExitCode.FAIL)
    assert capsys.readouterr().out.count("\n") == len(rows) + 2


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("toxiproxy")
def test_through_the_proxy_found_is_printed_beside_planned_and_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(proxy_validation, "ROUNDS", 1)
    target = tmp_path / "found.json"
    words = ["--through-proxy", "--case", "80/2", "--streams", "2", "--seconds", "1"]
    # Two streams in each direction are too few to decide, on a busy machine as on any.
    code = run(["selfcheck", "tcp", *words, "--json", str(target)])
    assert code == ExitCode.INCONCLUSIVE
    head, _, row, _, details = capsys.readouterr().out.splitlines()
    assert head.count("planned") == head.count("found") == 2
    assert "RTT 80 ms, 2 % | 17.31 %" in row
    assert "to tell |" in row
    (found,) = json.loads(target.read_text())
    # A busy machine takes a second round, and each has two streams in each direction.
    assert found["streams"] == 4 * found["rounds"]
    assert f"of {found['streams']} streams" in details
    assert found["late_percent"]["kernel"] == 17.31
    assert found["late_percent"]["low"] is None
    assert found["messages"] <= 200 * found["rounds"]


def test_a_case_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["selfcheck", "tcp", "--case", "40/9"]) == ExitCode.BAD_INPUT
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "20/1, 20/2, 40/1, 40/2, 80/1, 80/2" in complaint
    assert run(["selfcheck", "tcp", "--case", "150/1", "--through-proxy"]) == ExitCode.BAD_INPUT
    assert "none of those that have to agree" in capsys.readouterr().err
