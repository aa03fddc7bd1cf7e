"""A locustfile whose disk fills up: appending to a turns file fails once it holds two turns."""

import errno
from pathlib import Path

from harness.errors import BadInput
from harness.load import Dialogue, VoiceUser
from harness.recording import files

_append = files.append_bytes


class Caller(VoiceUser):
    dialogue = Dialogue(turns=1, think_ms=(300, 400))


def _append_while_there_is_room(path: Path, data: bytes) -> None:
    if path.name == files.TURNS and path.exists() and path.read_bytes().count(b"\n") >= 2:
        error = OSError(errno.ENOSPC, "No space left on device")
        raise BadInput(f"cannot be written: {error.strerror}", where=str(path))
    _append(path, data)


files.append_bytes = _append_while_there_is_room
