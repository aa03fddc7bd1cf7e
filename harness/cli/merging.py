"""Several runs as one in a folder of its own, which every other command takes for a run."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from harness.analysis.merging import merge_runs
from harness.cli.gate import read_records
from harness.model import Run
from harness.recording import read_histograms, read_stages, read_truth, whole_directory


def merge_directories(paths: Sequence[Path], folder: Path) -> None:
    """Write runs as one into a folder, in the order in which they started.

    Args:
        paths: The folders of the runs.
        folder: Where the whole goes: nothing, or an empty folder.

    Raises:
        BadInput: The runs cannot be one, or the folder cannot be written.
    """
    target = folder.absolute()
    read = sorted(((read_records(path), path) for path in paths), key=_started)
    merged = merge_runs(
        [run for run, _ in read], [read_truth(path) for _, path in read], target.name
    )
    with whole_directory(target, merged.manifest) as directory:
        directory.append_turns(merged.turns)
        directory.append_sessions(merged.sessions)
        directory.append_accounts(merged.accounts)
        directory.append_truth(merged.truth)
        for _, path in read:
            directory.append_stages(read_stages(path))
        for event in merged.events:
            directory.append_event(event)
        for (_, path), (start_ns, end_ns) in zip(read, merged.spans_ns, strict=True):
            for tag, histogram in read_histograms(path).items():
                directory.append_histogram(tag, histogram, start_ns, end_ns)


def _started(read: tuple[Run, Path]) -> datetime:
    return datetime.fromisoformat(read[0].manifest.started_at)
