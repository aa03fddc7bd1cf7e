import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.corpus import import_corpus, validate_manifest
from harness.model import NoProgress


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"sha256": "00"}, "sha256"),
        ({"rate_hz": 8_000}, "rate_hz"),
        ({"channels": 2}, "channels"),
        ({"duration_s": 1.2999}, None),
        ({"duration_s": 1.25}, None),
        ({"duration_s": 9.0}, "holds no such cut"),
        ({"path": "gone.wav"}, "cannot be opened"),
    ],
)
def test_what_the_bytes_contradict_is_said(
    tmp_path: Path, write_speech: Callable[..., Path], change: dict[str, Any], why: str | None
) -> None:
    write_speech(tmp_path / "corpus" / "a.wav")
    manifest = tmp_path / "m.jsonl"
    import_corpus(tmp_path / "corpus", manifest, NoProgress())
    head, line = manifest.read_text().splitlines()
    manifest.write_text(f"{head}\n{json.dumps(json.loads(line) | change)}\n")
    found = validate_manifest(manifest, NoProgress())
    assert found.clips == (why is None)
    assert [why in line for line in found.wrong if why] == ([True] if why else [])
