"""Whole runs: `locust -f scenarios/conversation.py` as a person types it."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from harness.analysis import accuracy
from harness.errors import ExitCode
from harness.model import NS_PER_MS, RunEventKind, TurnStatus
from harness.recording import read_run, read_truth
from tests.load.conftest import (
    KEY,
    MachineTooBusy,
    check_held,
    check_report_of_killed,
    check_turns,
    lines_of,
    locust_words,
    only_run,
    run_locust,
    wait_for,
)

BRIEF = ("--turns", "1", "--seed", "3")


FOUR = (*BRIEF, "-u", "4", "-r", "10", "--calls", "4")
Held = tuple[subprocess.CompletedProcess[str], Path]


def begin(*options: str, reports: Path) -> subprocess.Popen[str]:
    """Start a run of two workers."""
    words = locust_words(*options, "--processes", "2", reports=reports)
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.fixture(scope="module")
def in_one_process(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """A run of four calls that was held to its end, and the folder in which it is kept."""
    reports = tmp_path_factory.mktemp("one")
    done = run_locust(*FOUR, "--host", simulator, reports=reports)
    check_turns(check_held(done, reports))
    return done, reports


def test_a_run_leaves_records_summary_and_report(in_one_process: Held) -> None:
    done, reports = in_one_process
    run = only_run(reports)
    assert {path.name for path in run.iterdir()} >= {
        "manifest.json",
        "turns.jsonl",
        "sessions.jsonl",
        "histograms.hlog",
        "summary.json",
        "report.html",
    }
    turns = lines_of(run / "turns.jsonl")
    assert len(turns) == 4
    sessions = lines_of(run / "sessions.jsonl")
    assert sorted(session["call_number"] for session in sessions) == [0, 1, 2, 3]
    assert all(session["fault"] is None for session in sessions)
    assert "voice to voice, none" in done.stdout + done.stderr  # Locust's own table
    assert "synthetic speech" in done.stdout.lower()


def test_two_processes_hold_the_schedule_of_one_and_lose_nothing_also_with_two_runs_at_once(
    in_one_process: Held, simulator: str, tmp_path: Path
) -> None:
    runs = {name: begin(*FOUR, "--host", simulator, reports=tmp_path / name) for name in "ab"}
    held = [in_one_process]
    for name, process in runs.items():
        out, err = process.communicate(timeout=90)
        done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
        held.append((done, tmp_path / name))
    hashes = set()
    for done, reports in held:
        run = check_held(done, reports)
        assert "worker children" not in done.stderr  # Locust's line where one ended with a fault
        hashes.add(json.loads((run / "manifest.json").read_text())["schedule_hash"])
        numbers = sorted(s["call_number"] for s in lines_of(run / "sessions.jsonl"))
        assert numbers == [0, 1, 2, 3]
        assert [event["kind"] for event in lines_of(run / "events.jsonl")] == ["finished"]
        sent = sum(session["frames_sent"] for session in lines_of(run / "sessions.jsonl"))
        summary = json.loads((run / "summary.json").read_text())
        assert summary["send_lateness"]["n"] == sent
        assert summary["load"]["turns"] == 4
    assert len(hashes) == 1


def test_calls_take_the_networks_in_turn_and_the_probe_is_recorded(
    simulator: str, tmp_path: Path
) -> None:
    """Neither loses packets: whether stalls are verified too is a matter of the network layer."""
    profiles = tmp_path / "profiles.toml"
    profiles.write_text("[far]\nrtt_ms = 40\n")
    done = run_locust(
        *BRIEF,
        *("-u", "2", "-r", "10", "--calls", "2", "--host", simulator),
        *("--network", "ideal,far", "--profiles", str(profiles)),
        reports=tmp_path / "r",
    )
    run = check_held(done, tmp_path / "r")
    assert {turn["network"] for turn in lines_of(run / "turns.jsonl")} == {"ideal", "far"}
    probed = [event["network"] for event in lines_of(run / "events.jsonl") if event["network"]]
    assert {probe["profile"] for probe in probed} == {"ideal", "far"}
    if not all(probe["verified"] for probe in probed):
        raise MachineTooBusy  # frames through the proxy left late


def test_ctrl_c_drains_and_still_reports(simulator: str, tmp_path: Path) -> None:
    words = locust_words(
        "-u", "9", "-r", "0.2", "--turns", "9", "--host", simulator, reports=tmp_path
    )
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_for(lambda: any(tmp_path.glob("*/turns.jsonl")), process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    run = only_run(tmp_path)
    events = {event["kind"]: event["detail"] for event in lines_of(run / "events.jsonl")}
    assert list(events) == ["interrupted", "callers_missing", "finished"]
    assert "of the 9 callers asked for" in events["callers_missing"]
    check_turns(run, ended_early=True)
    assert (run / "report.html").exists()
    assert "interrupted" in out.lower()
    assert process.returncode == 3


def test_a_second_ctrl_c_ends_at_once_and_leaves_what_was_recorded(
    simulator: str, tmp_path: Path
) -> None:
    options = ("-u", "2", "-r", "10", "--turns", "9", "--drain-s", "60", "--host", simulator)
    process = subprocess.Popen(
        locust_words(*options, reports=tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: any(tmp_path.glob("*/turns.jsonl")), process)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: any(tmp_path.glob("*/events.jsonl")), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "Traceback" not in err
    run = only_run(tmp_path)
    assert f"harness report {run}" in err
    assert read_run(run).turns
    assert lines_of(run / "events.jsonl")[0]["kind"] == "interrupted"
    assert not (run / "report.html").exists()


def test_a_disk_that_is_full_ends_the_run_with_one_line(simulator: str, tmp_path: Path) -> None:
    """The scenario makes every write of the process fail beyond some kilobytes."""
    done = run_locust(
        *("-u", "2", "-r", "10", "--calls", "20", "--turns", "1", "--host", simulator),
        reports=tmp_path,
        scenario=Path(__file__).with_name("full_disk.py"),
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("harness: ")]
    assert "turns.jsonl: cannot be written: No space left on device" in line
    run = read_run(only_run(tmp_path))
    assert 1 <= len(run.turns) < 20
    assert not any(event.kind is RunEventKind.FINISHED for event in run.events)


def test_an_engine_that_dies_ends_the_run_with_one_line_and_a_report(
    simulator: str, tmp_path: Path
) -> None:
    done = run_locust(
        *("-u", "2", "-r", "10", "--calls", "20", "--turns", "1", "--host", simulator),
        reports=tmp_path,
        scenario=Path(__file__).with_name("dying.py"),
    )
    assert done.returncode == 3, done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("harness: ")]
    assert "the audio engine died" in line
    run = only_run(tmp_path)
    assert read_run(run).turns
    summary = json.loads((run / "summary.json").read_text())
    assert any("could not go on" in reason for reason in summary["validity"]["reasons"])


def test_callers_that_all_break_end_the_run(simulator: str, tmp_path: Path) -> None:
    scenario = tmp_path / "broken.py"
    scenario.write_text(
        "from harness.load import VoiceUser\n\nclass Caller(VoiceUser):\n"
        "    def on_start(self):\n        raise RuntimeError('nobody calls')\n"
    )
    done = run_locust(
        *("-u", "2", "-r", "10", "--calls", "4", "--host", simulator),
        reports=tmp_path / "r",
        scenario=scenario,
    )
    assert done.returncode == ExitCode.BAD_INPUT, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("harness: ")]
    assert "the scenario: failed outside of a call, RuntimeError: nobody calls" in line


def test_a_stall_of_our_own_is_said_and_spoils_only_turns_that_it_moved(
    simulator: str, tmp_path: Path
) -> None:
    done = run_locust(
        *("-u", "2", "-r", "10", "--calls", "2", "--host", simulator),
        reports=tmp_path,
        scenario=Path(__file__).with_name("stalling.py"),
    )
    run = only_run(tmp_path)
    validity = json.loads((run / "summary.json").read_text())["validity"]
    assert validity["state"] != "VALID", done.stdout + done.stderr
    assert any("the generator stalled" in reason for reason in validity["reasons"])
    for turn in read_run(run).turns:
        assert turn.endpoint_lateness_ns is not None
        assert (turn.status is TurnStatus.VOID) == (turn.endpoint_lateness_ns > 10 * NS_PER_MS)


def test_a_stall_of_the_server_stays_its_own_and_shows_as_latency(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    host = serve("--fault", "stall@1", "--truth", str(tmp_path / "truth.jsonl"))
    done = run_locust(
        *("-u", "1", "--calls", "1", "--turns", "2", "--host", host), reports=tmp_path / "r"
    )
    run = check_held(done, tmp_path / "r")
    truth = read_truth(tmp_path)
    assert [record.fault for record in truth] == ["", "stall"]
    records = read_run(run)
    (found,) = accuracy(records.turns, truth, records.manifest)
    # What the server did late is in the truth as in the measurement: 700 ms, and a little noise.
    if found.n < 2:
        raise MachineTooBusy  # a turn is void through us
    assert found.max_ms is not None
    assert found.max_ms < 100


def test_a_server_that_only_speaks_http_is_refused(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        host = f"ws://127.0.0.1:{server.server_port}"
        done = run_locust("--host", host, reports=tmp_path / "r")
    assert "opened no session" in refusal_line(done)


def test_a_killed_run_can_still_be_reported(simulator: str, tmp_path: Path) -> None:
    words = locust_words(
        "-u", "2", "-r", "10", "--turns", "9", "--host", simulator, reports=tmp_path
    )
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    )
    wait_for(lambda: any(tmp_path.glob("*/turns.jsonl")), process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=20)
    check_report_of_killed(only_run(tmp_path))


def refusal_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that says what is wrong, having checked that there is one."""
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("harness: ")]
    return line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", "ws://127.0.0.1:9"), "cannot be reached"),
        (("--host", "ftp://127.0.0.1:9"), "not a WebSocket address"),
        ((), "--host: no target"),
        (("--host", "ws://127.0.0.1:9", "--network", "lte_god"), "lte_good"),
        (("--host", "ws://127.0.0.1:9", "--frame-ms", "5"), "--frame-ms"),
        (("--host", "ws://127.0.0.1:9", "--corpus", "no-such-corpus"), "no-such-corpus"),
        (
            ("--host", "ws://127.0.0.1:9", "--processes", "2", "-u", "1", "--calls", "4"),
            "2 processes share 1 callers",
        ),
    ],
    ids=["refused", "scheme", "no host", "profile", "frame", "corpus", "idle worker"],
)
def test_what_cannot_be_run_is_one_line_and_leaves_nothing(
    options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    done = run_locust(*options, reports=tmp_path / "reports")
    assert words in refusal_line(done)
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("how", ["101", "401"])
def test_a_wrong_key_is_one_line_without_the_key(
    how: str, serve: Callable[..., str], tmp_path: Path
) -> None:
    options = ("--api-key-env", KEY, "--auth-status", how)
    host = serve(*options, **{KEY: "sk-right-key-123456"})
    done = run_locust(
        *("--host", host, "-t", "60s"),
        reports=tmp_path / "r",
        HARNESS_API_KEY="sk-wrong-key-987654",
    )
    line = refusal_line(done)
    assert "refused the key" in line
    assert "987654" not in done.stderr + done.stdout


def test_a_right_key_is_written_nowhere(serve: Callable[..., str], tmp_path: Path) -> None:
    host = serve("--api-key-env", KEY, **{KEY: "sk-right-key-123456"})
    right = run_locust(
        *BRIEF,
        *("--host", host, "--calls", "1"),
        reports=tmp_path / "r",
        HARNESS_API_KEY="sk-right-key-123456",
    )
    for path in check_held(right, tmp_path / "r").iterdir():
        assert b"right-key" not in path.read_bytes(), path
