"""Reading a run back, also one that was killed while it was being written."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TypeVar

from harness.errors import BadInput
from harness.model import (
    Run,
    RunEvent,
    RunManifest,
    SessionRecord,
    StageRecord,
    TruthRecord,
    TurnRecord,
    VendorAccount,
)
from harness.model.run import MANIFEST_SCHEMA
from harness.recording import files
from harness.recording.histogram import Histogram
from harness.recording.hlog import read_log
from harness.recording.jsonl import decode_lines, decode_object

Record = TypeVar("Record")

SEND_LATENESS = "send_lateness"
LOOP_LAG = "loop_lag"
GC_PAUSE = "gc_pause"


def read_run(path: Path) -> Run:
    """Read a run directory.

    Files that a killed run never came to write count as empty, and a last line that was torn
    off in writing is left out.

    Args:
        path: The run's folder.

    Raises:
        BadInput: It is not a run's folder, or a file in it is not as it was written.
    """
    manifest = read_manifest(path)
    durations = {tag: histogram.summary() for tag, histogram in read_histograms(path).items()}
    turns = _read_lines(path / files.TURNS, TurnRecord)
    sessions = _read_lines(path / files.SESSIONS, SessionRecord)
    _refuse_repeated([(t.session_id, t.turn_index) for t in turns], path / files.TURNS)
    _refuse_repeated([session.session_id for session in sessions], path / files.SESSIONS)
    return Run(
        manifest=manifest,
        turns=turns,
        sessions=sessions,
        events=_read_lines(path / files.EVENTS, RunEvent),
        send_lateness=durations.get(SEND_LATENESS),
        loop_lag=durations.get(LOOP_LAG),
        gc_pause=durations.get(GC_PAUSE),
        accounts=_read_lines(path / files.ACCOUNTS, VendorAccount),
    )


def read_manifest(path: Path) -> RunManifest:
    """Read the manifest of a run directory.

    Raises:
        BadInput: There is none, or it has another schema or unknown fields.
    """
    file = path / files.MANIFEST
    data = files.read_bytes(file)
    if data is None:
        raise BadInput(
            "is not the folder of a run: it has no manifest.json",
            where=str(path),
            hint="Give the folder that `harness run` printed",
        )
    manifest = decode_object(data, RunManifest, str(file))
    if manifest.schema != MANIFEST_SCHEMA:
        raise BadInput(
            f"has schema {manifest.schema}, this version reads {MANIFEST_SCHEMA}",
            where=str(file),
            hint="Read the run with the version of harness that wrote it",
        )
    return manifest


def read_histograms(path: Path) -> dict[str, Histogram]:
    """Read the histograms of a run directory by their tags, all intervals added up.

    Raises:
        BadInput: A line of the log cannot be read.
    """
    log = files.read_bytes(path / files.HISTOGRAMS) or b""
    return read_log(log, str(path / files.HISTOGRAMS))


def read_truth(path: Path) -> tuple[TruthRecord, ...]:
    """Read the simulator's truth log in a run directory; empty where there is none.

    Raises:
        BadInput: A line is not a truth record.
    """
    return _read_lines(path / files.TRUTH, TruthRecord)


def read_stages(path: Path) -> tuple[StageRecord, ...]:
    """Read a cascade's stage log; empty where there is none.

    Args:
        path: The run's folder, or the log itself.

    Raises:
        BadInput: A line is not a stage record.
    """
    return _read_lines(path / files.STAGES if path.is_dir() else path, StageRecord)


def _refuse_repeated(names: Sequence[Hashable], file: Path) -> None:
    """Refuse a second record of what is written once: every number would count it twice."""
    if len(set(names)) == len(names):
        return
    first: dict[Hashable, int] = {}
    for number, name in enumerate(names, start=1):
        if (before := first.setdefault(name, number)) != number:
            raise BadInput(
                f"repeats record {before}",
                where=f"{file}, record {number}",
                hint="Take the line out: each turn and session is recorded once",
            )


def _read_lines(file: Path, kind: type[Record]) -> tuple[Record, ...]:
    return decode_lines(files.read_bytes(file) or b"", kind, str(file))
