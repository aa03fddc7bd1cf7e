"""Writing a run that is known as a whole: its folder appears when everything is in it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import BadInput
from harness.model import RunManifest
from harness.recording.directory import RunDirectory


@contextmanager
def whole_directory(path: Path, manifest: RunManifest) -> Iterator[RunDirectory]:
    """Write a run beside its place, and put it there in the end; on an error nothing is left.

    Args:
        path: Where it will be: nothing, or an empty folder.
        manifest: What was asked for; its `run_id` is the folder's name.

    Raises:
        BadInput: There is something, or the folder cannot be written.
        ValueError: The manifest's `run_id` is not the folder's name.
    """
    try:
        if path.exists() and not (path.is_dir() and next(path.iterdir(), None) is None):
            raise BadInput("holds something", where=str(path), hint="Choose a new folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as beside:
            made = Path(beside) / path.name
            made.mkdir()
            yield RunDirectory(made, manifest)
            made.replace(path)
    except OSError as error:
        raise BadInput(
            f"no run can be kept here: {error.strerror}",
            where=str(path),
            hint="Choose a folder that can be written to",
        ) from error
