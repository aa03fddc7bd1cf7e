"""What every known corpus leaves beside its files: one line that says where they came from."""

from pathlib import Path

_NAME = "SOURCE.txt"


class Unavailable(Exception):
    """A corpus is not available here; the words say why."""


def write_source(folder: Path, line: str) -> None:
    """Note where the files in `folder` came from."""
    (folder / _NAME).write_text(line + "\n", encoding="utf-8")


def read_source(folder: Path) -> str:
    """Return where the files in `folder` came from."""
    return (folder / _NAME).read_text(encoding="utf-8").strip()
