"""Measured against true: the real engine against the simulator, which knows its own latencies."""

import tempfile
from pathlib import Path

from harness.analysis import accuracy
from harness.bench import machine
from harness.bench.child_process import Child
from harness.bench.findings import AccuracyFinding
from harness.model import Progress
from harness.recording import read_run, read_truth

_TRUTH = "truth.jsonl"
# The quickest: more turns in the same time.
_PRESET = "ultravox-0.7"


def measure_accuracy(sessions: int, seconds: float, progress: Progress) -> AccuracyFinding:
    """Hold some sessions against the simulator and compare every turn with the truth.

    Args:
        sessions: How many at once.
        seconds: For how long.
        progress: Who hears how it goes.
    """
    progress.step(f"measured against true: {sessions} sessions for {seconds:g} s")
    cores = machine.client_and_server_core()
    mine, theirs = cores if cores is not None else (None, None)
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        run.mkdir()
        serve = ("harness", "simulator", "--port", "0", "--exit-with-stdin", "--preset", _PRESET)
        with Child(*serve, "--truth", str(run / _TRUTH), core=theirs) as simulator:
            words = ("--host", simulator.address(), "--keep", str(run), "--seconds", f"{seconds}")
            with Child("harness.bench.engine_trial", *words, core=mine) as engine:
                engine.ask(sessions)
        return compare(run, sessions)


def compare(run: Path, sessions: int) -> AccuracyFinding:
    """Return what the records of a run and the truth beside them have in common."""
    records = read_run(run)
    found = accuracy(records.turns, read_truth(run), records.manifest.audio.rate_hz)
    if not found:
        return AccuracyFinding(
            sessions=sessions, turns=0, error_p50_ms=None, error_p95_ms=None, error_p99_ms=None
        )
    errors_ms = found[0].of_percentiles_ms
    return AccuracyFinding(
        sessions=sessions,
        turns=found[0].n,
        error_p50_ms=round(errors_ms[50], 3),
        error_p95_ms=round(errors_ms[95], 3),
        error_p99_ms=round(errors_ms[99], 3),
    )
