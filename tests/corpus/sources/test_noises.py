import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.corpus import KNOWN_NOISES, obtain_noise
from harness.errors import BadInput
from harness.model import NoProgress


def _rooms() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("RIRS/a.wav", b"sound")
    return packed.getvalue()


def test_noise_is_fetched_once_and_says_where_from(web: Any, tmp_path: Path) -> None:
    body = _rooms()
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    archive = replace(KNOWN_NOISES[1].archive, address=web.serve("/rirs.zip", body), md5=md5)
    known = replace(KNOWN_NOISES[1], archive=archive)
    for _ in range(2):
        folder = obtain_noise(known, tmp_path, NoProgress())
        assert (folder / "RIRS" / "a.wav").read_bytes() == b"sound"
    assert len(web.asked) == 1
    assert [path.name for path in folder.parent.iterdir()] == ["rirs"]


def test_an_altered_file_leaves_nothing_and_says_what_differs(web: Any, tmp_path: Path) -> None:
    archive = replace(KNOWN_NOISES[1].archive, address=web.serve("/rirs.zip", _rooms()))
    with pytest.raises(BadInput, match=r"its md5 is [0-9a-f]{32}, not e6f48e25"):
        obtain_noise(replace(KNOWN_NOISES[1], archive=archive), tmp_path, NoProgress())
    assert list((tmp_path / "noises").iterdir()) == []
