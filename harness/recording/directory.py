"""Writing a run: the manifest first, then records as they come."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import msgspec

from harness.errors import BadInput
from harness.model import (
    RunEvent,
    RunManifest,
    SessionRecord,
    StageRecord,
    TruthRecord,
    TurnRecord,
    VendorAccount,
)
from harness.recording import files
from harness.recording.histogram import Histogram
from harness.recording.hlog import log_header, log_line
from harness.recording.jsonl import encode_lines


def reserve(root: Path, slug: str, day: date) -> Path:
    """Make an empty folder of its own for a run: `<root>/<YYYY-MM-DD>-<slug>`, then `-2`, `-3`.

    The folder's name is the run's id, so the caller can write it into the manifest.

    Args:
        root: Where runs are kept; made when it does not exist.
        slug: Short name of the run, such as the scenario's.
        day: The day the run started.

    Raises:
        BadInput: The folder cannot be made.
    """
    name = f"{day.isoformat()}-{slug}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        attempt = 1
        while True:
            path = root / (name if attempt == 1 else f"{name}-{attempt}")
            try:
                path.mkdir()
            except FileExistsError:
                attempt += 1
            else:
                return path
    except OSError as error:
        raise BadInput(
            f"no run can be kept here: {error.strerror}",
            where=str(root),
            hint="Choose a folder that can be written to",
        ) from error


class RunDirectory:
    """A run being written. Every call is on disk, as far as the process is concerned, at return.

    Nothing is held open, so there is nothing to close and several processes may append.

    Args:
        path: An empty folder, from `reserve`.
        manifest: What was asked for; written at once, its `run_id` is the folder's name.

    Raises:
        BadInput: The folder already holds a run, or cannot be written.
        ValueError: The manifest's `run_id` is not the folder's name.
    """

    def __init__(self, path: Path, manifest: RunManifest) -> None:
        if manifest.run_id != path.name:
            raise ValueError(f"run_id {manifest.run_id!r} is not the folder's name {path.name!r}")
        if (path / files.MANIFEST).exists():
            raise BadInput(
                "a run is kept here already", where=str(path), hint="Choose another folder"
            )
        self.path = path
        self.manifest = manifest
        text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
        files.replace_file(path / files.MANIFEST, text + b"\n")

    def append_turns(self, turns: Sequence[TurnRecord]) -> None:
        """Append to `turns.jsonl`."""
        self._append(files.TURNS, encode_lines(turns))

    def append_sessions(self, sessions: Sequence[SessionRecord]) -> None:
        """Append to `sessions.jsonl`."""
        self._append(files.SESSIONS, encode_lines(sessions))

    def append_truth(self, truth: Sequence[TruthRecord]) -> None:
        """Append to `truth.jsonl`, which in a run that is being made the simulator writes."""
        self._append(files.TRUTH, encode_lines(truth))

    def append_stages(self, stages: Sequence[StageRecord]) -> None:
        """Append to `stages.jsonl`, which in a run that is being made the cascade writes."""
        self._append(files.STAGES, encode_lines(stages))

    def append_accounts(self, accounts: Sequence[VendorAccount]) -> None:
        """Append to `vendor.jsonl`."""
        self._append(files.ACCOUNTS, encode_lines(accounts))

    def append_event(self, event: RunEvent) -> None:
        """Append to `events.jsonl`."""
        self._append(files.EVENTS, encode_lines([event]))

    def append_histogram(self, tag: str, histogram: Histogram, start_ns: int, end_ns: int) -> None:
        """Append the values of one interval to `histograms.hlog`; an empty one leaves no line.

        Intervals of one tag are added up when the run is read, so a histogram is written once
        and then begun anew.

        Args:
            tag: What was counted: `send_lateness` or `loop_lag`.
            histogram: The values.
            start_ns: When the interval began, since run start.
            end_ns: When it ended.
        """
        if histogram.max_ns is None:
            return
        line = log_line(tag, histogram, start_ns, end_ns)
        if not (self.path / files.HISTOGRAMS).exists():
            line = log_header(datetime.fromisoformat(self.manifest.started_at)) + line
        self._append(files.HISTOGRAMS, line.encode())

    def _append(self, name: str, data: bytes) -> None:
        if data:
            files.append_bytes(self.path / name, data)
