"""How late frames are in a whole run under Locust, seen from outside.

Frames and their lateness come from the run's own records, memory and CPU time from the system,
open sessions and, where the server is the native program, arrivals from the server.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from harness.bench import machine
from harness.bench.arrivals import read_arrivals
from harness.bench.child_process import Child
from harness.bench.locust_run import LocustRun, wait_for
from harness.bench.workload import (
    OPEN_LIMIT_S,
    SPREAD_S,
    TURNS,
    short_corpus,
)
from harness.clock import now_ns
from harness.corpus.manifest import write_manifest
from harness.model import NS_PER_MS, NS_PER_S, SessionRecord
from harness.recording import files, read_run
from harness.recording.hlog import read_log
from harness.recording.reading import SEND_LATENESS

_START_LIMIT_S = 60.0
# The last callers begin when the first have long been talking.
_SETTLE_S = 1.0
# What was measured is written once a second: the last second may not be there when asked.
_WRITTEN_AFTER_S = 1.0
# The shortest turn of a caller, its response heard: so many suffice for a call without an end.
_TURN_S = 3.0


class LocustTrial:
    """Runs under Locust against one null server, one for each measurement.

    Args:
        server: The null server.
        frame_ms: Length of the callers' frames.
        core: Core they are kept on, `None` for any.

    Attributes:
        host: The server's address.
    """

    def __init__(self, server: Child, frame_ms: int, core: int | None) -> None:
        self._server, self._frame_ms, self._core = server, frame_ms, core
        self.host = server.address()

    def measure(self, sessions: int, seconds: float) -> dict[str, Any]:
        """Make a run of `sessions` callers and measure for `seconds` in the midst of it.

        Returns:
            What was found, for `client_trials.trial_outcome`.

        Raises:
            RuntimeError: The run ended by itself.
        """
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            corpus, said = folder / "said.jsonl", short_corpus()
            write_manifest(corpus, said.clips, said.folder)
            (folder / "run").mkdir()
            turns = TURNS + round(seconds / _TURN_S)
            options = ("--corpus", str(corpus), "--frame-ms", f"{self._frame_ms}")
            run = LocustRun(
                self.host,
                sessions,
                ramp_s=SPREAD_S,
                folder=folder / "run",
                options=(*options, "--turns", f"{turns}"),
                core=self._core,
            )
            self._server.ask(f"record {folder / 'arrivals'}")
            with run:
                found = self._window(run, sessions, seconds, folder / "arrivals")
            return {**found, **_recorded(folder / "run", sessions, found)}

    def _window(
        self, run: LocustRun, sessions: int, seconds: float, arrivals: Path
    ) -> dict[str, Any]:
        """Wait until all sessions are open and measure from outside."""
        wait_for(run, lambda: self._open() > 0, _START_LIMIT_S)
        began_ns = now_ns()
        wait_for(run, lambda: self._open() >= sessions, SPREAD_S + OPEN_LIMIT_S)
        open_s = (now_ns() - began_ns) / NS_PER_S
        time.sleep(_SETTLE_S)
        cpu_s, from_ns = machine.cpu_s(run.pid), now_ns()
        time.sleep(seconds)
        used_s, until_ns = machine.cpu_s(run.pid), now_ns()
        found = {
            "sessions": sessions,
            "sessions_lost": sessions - min(sessions, self._open()),
            "cpu_s": None if cpu_s is None or used_s is None else round(used_s - cpu_s, 4),
            "window_s": (until_ns - from_ns) / NS_PER_S,
            "window_from_ns": from_ns,
            # Frames left out are counted from the first session on.
            "from_ns": began_ns,
            "until_ns": until_ns,
            "resident_kb": machine.resident_kb(run.pid),
            "open_s": round(open_s, 3),
        }
        time.sleep(_WRITTEN_AFTER_S)
        run.check()
        self._server.ask("stop")
        if arrivals.exists():
            seen = read_arrivals(arrivals, self._frame_ms * NS_PER_MS, from_ns, until_ns)
            found["server_late_p99_ms"] = seen.p99_ms
            found["server_late_p999_ms"] = seen.p999_ms
            found["server_late_max_ms"] = seen.max_ms
            found["server_missing"] = seen.missing
        return found

    def _open(self) -> int:
        return int(self._server.ask("how many?")["open"])


def _recorded(path: Path, sessions: int, found: dict[str, Any]) -> dict[str, Any]:
    """Return what the run recorded: of frames in the window, of missing ones from its beginning.

    The server knows better what is missing: the run's records count also what is left out while
    all calls are cut off at once, as no user ends a run.
    """
    run = read_run(path)
    from_ns, until_ns = found["window_from_ns"], found["until_ns"]
    log = (path / files.HISTOGRAMS).read_bytes()
    late = read_log(
        within(log, from_ns - run.manifest.origin_ns, until_ns - run.manifest.origin_ns),
        str(path),
    ).get(SEND_LATENESS)
    spread = None if late is None else late.summary()
    skipped = found.get("server_missing")
    if skipped is None:
        skipped = missing(run.sessions, sessions)
    sent = 0 if spread is None else spread.n
    return {
        "frames_sent": sent,
        "frames_intended": None if skipped is None else sent + skipped,
        "late_p50_ms": None if spread is None else spread.p50_ms,
        "late_p99_ms": None if spread is None else spread.p99_ms,
        "late_p999_ms": None if spread is None else spread.p999_ms,
        "late_max_ms": None if spread is None else spread.max_ms,
        "turns": len(run.turns),
    }


def within(log: bytes, from_ns: int, until_ns: int) -> bytes:
    """Return the lines of a histogram log whose intervals lie within an interval of the run."""
    kept = []
    for line in log.split(b"\n"):
        fields = line.split(b",")
        if line.startswith(b"Tag=") and len(fields) > 2:
            start_s = float(fields[1])
            end_s = start_s + float(fields[2])
            if start_s < from_ns / NS_PER_S or end_s > until_ns / NS_PER_S + _WRITTEN_AFTER_S:
                continue
        kept.append(line)
    return b"\n".join(kept)


def missing(records: tuple[SessionRecord, ...], sessions: int) -> int | None:
    """Return how many frames were left out, `None` unless every session's record is there."""
    if len(records) < sessions:
        return None
    return sum(record.frames_intended - record.frames_sent for record in records)
