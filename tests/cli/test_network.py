import json
from pathlib import Path

import pytest

from harness import environment
from harness.cli.app import run
from harness.errors import ExitCode
from harness.model import NoProgress
from harness.network import find_or_install, layer
from tests.load.conftest import MachineTooBusy

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
    code = run(words)
    if code == ExitCode.INVALID:
        raise MachineTooBusy
    assert code == ExitCode.PASS
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
    assert 0 < realised["up_baseline_ms"] < 20
    assert "unimpaired" in capsys.readouterr().out or "baseline subtracted" in finding["why"]


def test_a_toxiproxy_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["network", "measure", "ideal", "--toxiproxy", "http://127.0.0.1:1"]
    assert run(words) == ExitCode.BAD_INPUT
    assert "no Toxiproxy answers" in capsys.readouterr().err
