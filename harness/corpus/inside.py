"""Paths that others wrote: only those that stay inside the corpus folder are followed."""

from pathlib import Path, PurePosixPath


def inside(folder: Path, name: str) -> Path | None:
    """Return the file `name` means in `folder`, `None` when that is not inside it.

    The name is judged as it stands and again with every link followed, so neither `..` nor a link
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
