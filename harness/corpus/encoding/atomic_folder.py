"""A folder of the cache filled completely or not at all; leftovers of ended processes removed."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

_PREFIX = ".filling-"


def fill_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a scratch folder beside `folder` and move it into place.

    Args:
        folder: What is to be there afterwards.
        fill: Puts the files into an empty folder; other files it leaves beside it are removed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder.parent)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{_PREFIX}{os.getpid()}-") as made:
        filled = Path(made, folder.name)
        filled.mkdir()
        fill(filled)
        try:
            os.replace(filled, folder)
        except OSError:
            # Another process was quicker: its copy is the same.
            if not folder.is_dir():
                raise


def sweep(parent: Path) -> None:
    """Remove folders that processes were still filling when they ended."""
    for left in parent.glob(f"{_PREFIX}*"):
        number = left.name.removeprefix(_PREFIX).partition("-")[0]
        if not (number.isdecimal() and _alive(int(number))):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    """Return whether a process runs; when in doubt, `True`."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
