import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness import environment
from harness.bench import proxy_validation as through_proxy
from harness.cli.app import run
from harness.errors import ExitCode
from harness.model import NoProgress
from harness.network import find_or_install, layer

MINE = "[mine]\nrtt_ms = 100\njitter_ms = 10\nup_kbit_s = 4000\n"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    return path


@pytest.fixture
def toxiproxy() -> Path:
    return find_or_install(environment.cache_dir(), NoProgress())


def test_list_has_the_library_and_the_users_own(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["network", "list", "--profiles", str(mine)]) == ExitCode.PASS
    shown = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert shown["lte_poor"] == ["110", "35", "1.5", "750", "1600"]
    assert shown["mine"] == ["100", "10", "0", "4000", "unlimited"]


def test_show_says_where_the_numbers_come_from_and_what_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["network", "show", "lte_good"]) == ExitCode.PASS
    shown = capsys.readouterr().out
    assert "Ookla" in shown
    assert "loss 0.2 % for 40 ms at a time" in shown
    assert "not emulated" in shown


@pytest.mark.parametrize("command", ["show", "measure"])
def test_an_unknown_profile_is_one_line_with_the_nearest_names(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["network", command, "lte_god"]) == ExitCode.BAD_INPUT
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "lte_good" in complaint


@pytest.mark.timeout(600)
def test_install_prints_where_the_server_is(
    toxiproxy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["network", "install"]) == ExitCode.PASS
    assert capsys.readouterr().out.strip() == str(toxiproxy)


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("toxiproxy")
def test_measure_writes_nominal_beside_realised(mine: Path, tmp_path: Path) -> None:
    target = tmp_path / "found.json"
    words = ["network", "measure", "mine", "--profiles", str(mine), "--json", str(target)]
    assert run(words) == ExitCode.PASS
    (finding,) = json.loads(target.read_text())
    assert set(finding) == {"profile", "nominal", "realised", "verified", "why"}
    assert finding["verified"] is True
    assert finding["nominal"]["rtt_ms"] == 100
    assert finding["realised"]["rtt_p50_ms"] == pytest.approx(100, abs=20)
    assert finding["realised"]["up_kbit_s"] == pytest.approx(4000, rel=0.15)
    assert finding["realised"]["down_kbit_s"] is None


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("toxiproxy")
def test_a_profile_that_is_not_what_it_says_ends_with_code_three(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(layer, "toxics", lambda profile: [])
    code = run(["network", "measure", "mine", "--profiles", str(mine)])
    assert code == ExitCode.INVALID
    assert "NOT VERIFIED" in capsys.readouterr().out


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("toxiproxy")
def test_a_file_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "nowhere" / "found.json")
    assert run(["network", "measure", "ideal", "--json", target]) == ExitCode.BAD_INPUT
    assert "nowhere" in capsys.readouterr().err


def test_model_prints_every_case_beside_the_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["network", "model", "--json", "--flows", "1"]) in (ExitCode.PASS, ExitCode.FAIL)
    rows = json.loads(capsys.readouterr().out)
    assert sum(row["case"]["bar"] for row in rows) == 6
    assert all(row["mean_ms"] > 0 for row in rows)


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("toxiproxy")
def test_model_through_the_proxy_prints_found_beside_planned_and_kernel(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(through_proxy, "SPELLS", 1)
    words = ["--through-proxy", "--case", "80/2", "--streams", "2", "--seconds", "1"]
    # Two streams each way are too few to tell, on a busy machine as on any.
    assert run(["network", "model", *words]) == ExitCode.INCONCLUSIVE
    head, _, row, _, besides = capsys.readouterr().out.splitlines()
    assert head.count("planned") == head.count("found") == 2
    assert "RTT 80 ms, 2 % | 17.31 %" in row
    assert "to tell |" in row
    # A busy machine takes a second round, and each has two streams both ways.
    assert re.search(r"of (4|8) streams", besides)
    assert run(["network", "model", *words, "--json"]) == ExitCode.INCONCLUSIVE
    (found,) = json.loads(capsys.readouterr().out)
    assert found["late_percent"]["kernel"] == 17.31
    assert found["late_percent"]["low"] is None
    assert found["messages"] <= 200


def test_a_case_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["network", "model", "--case", "40/9"]) == ExitCode.BAD_INPUT
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "20/1, 20/2, 40/1, 40/2, 80/1, 80/2" in complaint
    assert run(["network", "model", "--case", "150/1", "--through-proxy"]) == ExitCode.BAD_INPUT
    assert "none of those that have to agree" in capsys.readouterr().err


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("toxiproxy")
def test_measure_takes_as_many_streams_as_asked_and_says_what_is_the_proxys_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lossy, target = tmp_path / "lossy.toml", tmp_path / "found.json"
    lossy.write_text("[lossy]\nrtt_ms = 20\nloss_percent = 1\n")
    words = ["lossy", "--profiles", str(lossy), "--streams", "3", "--seconds", "1"]
    run(["network", "measure", *words, "--json", str(target)])
    (finding,) = json.loads(target.read_text())
    realised = finding["realised"]
    assert realised["up_stalls"]["messages"] == realised["down_stalls"]["messages"] == 150
    assert 0 < realised["up_undisturbed_ms"] < 20
    assert "undisturbed" in capsys.readouterr().out or "own taken off" in finding["why"]


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("toxiproxy")
def test_hold_says_how_late_updates_were_and_what_they_cost(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "held.json"
    # In a process of its own: the audio engine's library patches the process it is imported into.
    words = ["hold", "--callers", "10", "--talking", "4", "--seconds", "1", "--json", str(target)]
    done = subprocess.run(
        [sys.executable, "-m", "harness", "network", *words], timeout=100, check=False
    )
    shown = capfd.readouterr().out
    assert done.returncode in (ExitCode.PASS, ExitCode.FAIL), shown
    assert "P99" in shown
    assert "core" in shown
    (held,) = json.loads(target.read_text())
    assert (held["callers"], held["talking"]) == (10, 4)
    assert held["account"]["done"] > 0
    assert held["frames"] == pytest.approx(200, rel=0.3)


def test_a_toxiproxy_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["network", "measure", "ideal", "--toxiproxy", "http://127.0.0.1:1"]
    assert run(words) == ExitCode.BAD_INPUT
    assert "no Toxiproxy answers" in capsys.readouterr().err
