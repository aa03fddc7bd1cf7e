"""Callers of whole runs: under arrivals and shapes, in one process and in several."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.load.conftest import check_held, lines_of, only_run, run_locust

BRIEF = ("--turns", "1", "--seed", "5")
OPEN = ("-u", "6", "--arrivals", "300/min", "--calls", "6")


def starts_ns(run: Path) -> list[int]:
    """Return the planned instant of every call, in order, since that of the first."""
    rows: list[dict[str, Any]] = lines_of(run / "sessions.jsonl")
    planned = sorted((row["call_number"], row["planned_start_ns"]) for row in rows)
    assert [number for number, _ in planned] == list(range(6))
    return [start_ns - planned[0][1] for _, start_ns in planned]


def test_planned_calls_begin_at_the_same_instants_on_any_number_of_processes(
    simulator: str, tmp_path: Path
) -> None:
    found, hashes = [], []
    for name, extra in (("one", ()), ("two", ("--processes", "2"))):
        reports = tmp_path / name
        done = run_locust(*BRIEF, *OPEN, *extra, "--host", simulator, reports=reports)
        run = check_held(done, reports)
        found.append(starts_ns(run))
        hashes.append(json.loads((run / "manifest.json").read_text())["schedule_hash"])
        for session in lines_of(run / "sessions.jsonl"):
            assert session["open_start_ns"] >= session["planned_start_ns"]
    assert hashes[0] == hashes[1]
    assert found[0] == pytest.approx(found[1], abs=1)


def test_calls_without_a_free_caller_are_rows_and_the_run_says_so(
    simulator: str, tmp_path: Path
) -> None:
    options = ("-u", "1", "--arrivals", "600/min", "--calls", "5")
    run_locust(*BRIEF, *options, "--host", simulator, reports=tmp_path)
    run = only_run(tmp_path)
    turns = lines_of(run / "turns.jsonl")
    dropped = [turn for turn in turns if turn["status"] == "dropped"]
    assert dropped
    assert {turn["fault"]["code"] for turn in dropped} == {"no_free_caller"}
    assert all(turn["at"]["scheduled_start_ns"] for turn in dropped)
    assert {turn["session_id"] for turn in turns} == {f"call-{n:06d}" for n in range(5)}
    summary = json.loads((run / "summary.json").read_text())
    assert any("no_free_caller" in why for why in summary["validity"]["reasons"])


def test_arrivals_that_are_no_schedule_are_one_line_before_load_starts(
    simulator: str, tmp_path: Path
) -> None:
    done = run_locust("--arrivals", "10/min..60/min", "--host", simulator, reports=tmp_path)
    assert done.returncode == 4
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("harness: ")]
    assert "how long the ramp takes is not said" in line
    assert "Traceback" not in done.stderr
    assert not any(tmp_path.iterdir())
