import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cli import size
from harness.cli.app import run
from harness.cli.summarising import recorded
from harness.errors import ExitCode, Fault, Party, Phase
from harness.model import NS_PER_S

HELD = ["size", "--calls-per-instance", "50", "--call-length", "3m"]


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The last self check of this machine."""
    found: dict[str, Any] = {"capacity": [{"frame_ms": 20, "sessions": 600}]}
    monkeypatch.setattr(size, "recall", lambda cache: found or None)
    return found


def searched(path: Path, limit: dict[str, Any] | None, loads: int = 9) -> Path:
    steps = [
        {"calls": n, "turns_per_s": 0.15 * n / (1 + 0.02 * (n - 1) + 0.001 * n * (n - 1))}
        for n in (1, 2, 4, 8, 12, 16, 24, 32, 48)[:loads]
    ]
    curve = {"objective": "failure rate at most 1%", "calls": [1, 40], "fitted": [0.0, 0.4]}
    path.write_text(json.dumps({"limit": limit, "steps": steps, "curves": [curve]}))
    return path


def test_an_instance_by_erlangs_formula(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(HELD) == ExitCode.PASS
    assert "37.9 Erlang, 758 calls an hour of 3 min" in capsys.readouterr().out


def test_a_forecast_needs_instances_and_workers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "size.json"
    more = ["--calls-per-hour", "4000", "--instance-price", "0.9", "--json", str(target)]
    assert run([*HELD, *more]) == ExitCode.PASS
    said = capsys.readouterr().out
    assert "6 instances for 200.0 Erlang" in said
    assert "5.40 an hour" in said
    assert "workers         1 to hold 221 callers" in said
    found = json.loads(target.read_text())
    assert found["fleet"]["instances"] == 6
    assert found["workers"] == 1


def test_workers_are_unknown_without_a_self_check(
    kept: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    kept.clear()
    assert run([*HELD, "--concurrent", "200"]) == ExitCode.PASS
    assert "unknown: harness selfcheck" in capsys.readouterr().out


def test_a_day_of_arrivals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = tmp_path / "day.csv"
    day.write_text("time,calls\n" + "".join(f"{h:02}:00,{100 + 50 * h}\n" for h in range(24)))
    more = ["--arrivals", str(day), "--instance-price", "0.9", "--minute-price", "0.1"]
    assert run([*HELD, *more]) == ExitCode.PASS
    said = capsys.readouterr().out
    assert "16,200 calls; 58 instance-hours" in said
    assert "4,860.00 for 48,600 minutes of calls" in said
    assert "3 instances for 62.5 Erlang" in said


def test_a_search_gives_its_lower_end_and_the_law(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = searched(tmp_path / "c.json", {"calls": 30, "low": 28, "high": 33})
    assert run(["size", "--capacity", str(path)]) == ExitCode.PASS
    said = capsys.readouterr().out
    assert "28 calls, the lower end of its interval" in said
    assert "throughput is highest at 31 calls" in said
    few = searched(tmp_path / "c.json", {"calls": None, "low": 8, "high": None}, loads=3)
    assert run(["size", "--capacity", str(few)]) == ExitCode.PASS
    said = capsys.readouterr().out
    assert "8 calls, at least in" in said
    assert "no law fitted: needs 6 loads, has 3" in said


def test_the_fleet_is_simulated_with_its_assumptions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "size.json"
    words = [*HELD, "--concurrent", "2000", "--simulate", "--json", str(target)]
    assert run(words) == ExitCode.PASS
    said = capsys.readouterr().out
    assert "two choices: " in said
    assert "assumed: arrivals at random" in said
    assert len(json.loads(target.read_text())["simulation"]["outcomes"]) == 2


def test_a_simulated_fleet_tells_what_turns_miss(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = searched(tmp_path / "c.json", {"calls": 30, "low": 28, "high": 33})
    words = ["size", "--capacity", str(path), "--concurrent", "500", "--simulate"]
    assert run(words) == ExitCode.PASS
    assert "of turns miss failure rate at most 1%" in capsys.readouterr().out


def test_a_run_without_an_ended_call_tells_no_length(
    record: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["size", "--calls-per-instance", "9", "--run", str(record())]) == ExitCode.BAD_INPUT
    assert "no call that ended" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["size"],
        ["size", "--calls-per-instance", "9", "--capacity", "none.json"],
        ["size", "--capacity", "none.json"],
        ["size", "--calls-per-instance", "9", "--calls-per-hour", "9"],
        [*HELD, "--calls-per-hour", "9", "--concurrent", "9"],
        [*HELD, "--simulate"],
        [*HELD, "--arrivals", "none.csv"],
        [*HELD, "--blocking", "0"],
        [*HELD, "--concurrent", "2000000", "--simulate"],
        [*HELD, "--spare", "2"],
        [*HELD, "--instance-price", "0.9"],
        [*HELD, "--minute-price", "0.1"],
        [*HELD, "--calls-per-hour", "9", "--minute-price", "0.1"],
    ],
)
def test_what_cannot_be_sized_is_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == ExitCode.BAD_INPUT
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"limit": {"low": 0, "calls": 0}, "steps": []}'])
def test_no_result_of_a_search_is_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(text)
    assert run(["size", "--capacity", str(path)]) == ExitCode.BAD_INPUT


def test_calls_of_a_run_tell_their_length(
    tmp_path: Path,
    record: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Calls of 30 s, one every two; the last ones were cut off and do not tell their length."""
    whole = recorded(record())
    sessions = []
    for number, session in enumerate(whole.sessions):
        opened_ns = number * 2 * NS_PER_S
        cut = number > 70
        sessions.append(
            replace(
                session,
                open_start_ns=opened_ns,
                ready_ns=opened_ns,
                closed_ns=opened_ns + (3 if cut else 30) * NS_PER_S,
                fault=Fault(Party.OURS, Phase.CLOSE, "stopped") if cut else None,
            )
        )
    run_ = replace(whole, sessions=tuple(sessions))
    monkeypatch.setattr(size, "recorded", lambda path: run_)
    assert run(["size", "--calls-per-instance", "50", "--run", str(tmp_path)]) == ExitCode.PASS
    said = capsys.readouterr().out
    assert "calls an hour of 30 s" in said
    assert "Little's law    14.7 calls held, arrivals x length 15.0: agrees" in said


def test_a_price_names_the_load_that_it_is_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*HELD, "--concurrent", "9", "--minute-price", "0.1"]) == ExitCode.BAD_INPUT
    assert "--minute-price: says nothing without --arrivals." in capsys.readouterr().err
    assert run([*HELD, "--instance-price", "1"]) == ExitCode.BAD_INPUT
    said = capsys.readouterr().err
    assert "without --calls-per-hour, --concurrent or --arrivals." in said


def test_little_s_law_that_is_not_known_says_why(
    tmp_path: Path,
    record: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = recorded(record())
    monkeypatch.setattr(size, "recorded", lambda path: replace(whole, sessions=()))
    target = tmp_path / "size.json"
    assert run([*HELD, "--run", str(tmp_path), "--json", str(target)]) == ExitCode.PASS
    assert "Little's law    unknown, needs 20 calls, has 0" in capsys.readouterr().out
    law = json.loads(target.read_text())["littles_law"]
    assert (law["held"], law["holds"]) == (None, None)


def test_what_is_lost_without_spare_instances_is_told_where_there_are_some(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for spare, told in (("0", False), ("1", True)):
        assert run([*HELD, "--concurrent", "200", "--spare", spare]) == ExitCode.PASS
        assert ("without the spare ones" in capsys.readouterr().out) is told
