"""Paths that others wrote: only those that stay inside the corpus folder are followed."""

import unicodedata
from pathlib import Path, PurePosixPath


def inside(folder: Path, name: str) -> Path | None:
    """Return the file `name` means in `folder`, `None` when that is not inside it.

    The name is checked as it stands and again with every link followed, so neither `..` nor a link
    leads out. A link of the folder itself is the user's own choice.
    """
    pure = PurePosixPath(name)
    if not name or "\0" in name or "\\" in name or pure.is_absolute() or ".." in pure.parts:
        return None
    path = folder / pure
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError):
        return None
    return path if resolved.is_relative_to(folder.resolve()) else None


def as_on_disk(path: Path) -> Path | None:
    """Return the file that `path` means, `None` when there is none.

    Two spellings of one name may look the same and differ in their bytes: an é is one character
    (Windows, most lists) or an e with an accent behind it (older macOS). And a list that was made
    on a system that ignores case may differ in it. A name that exists as it is spelled wins; of
    other spellings only one that is alone.
    """
    try:
        if path.is_file():
            return path
        folder = path.parent if path.parent.is_dir() else _folder_on_disk(path.parent)
    except OSError:
        return None
    found = None if folder is None else _entry(folder, path.name)
    return found if found is not None and found.is_file() else None


def _folder_on_disk(path: Path) -> Path | None:
    """Return the folder that `path` means, spelled as it is on disk."""
    if path.is_dir():
        return path
    if path.parent == path:
        return None
    parent = _folder_on_disk(path.parent)
    found = None if parent is None else _entry(parent, path.name)
    return found if found is not None and found.is_dir() else None


def _entry(folder: Path, name: str) -> Path | None:
    """Return the entry of a folder that is spelled alike, first by composition, then by case."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return None
    composed = unicodedata.normalize("NFC", name)
    alike = [path for path in entries if unicodedata.normalize("NFC", path.name) == composed]
    if not alike:
        folded = composed.casefold()
        alike = [
            path for path in entries if unicodedata.normalize("NFC", path.name).casefold() == folded
        ]
    return alike[0] if len(alike) == 1 else None
