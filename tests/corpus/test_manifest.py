from pathlib import Path

import pytest

from harness.corpus.manifest import Skipped, read_manifest, write_manifest
from harness.model import Clip

CLIP = Clip(
    id="a",
    path="a.wav",
    sha256="00",
    rate_hz=16_000,
    channels=1,
    duration_s=2.0,
    speech_start_s=0.5,
    speech_end_s=1.5,
    end_source="exact",
    end_uncertainty_ms=0.0,
    transcript="naïve — «quoted»\u2028",
)
SKIPPED = Skipped("b.wav", "11", "has no speech in it")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    manifest = tmp_path / "deep" / "manifest.jsonl"
    write_manifest(manifest, [CLIP, SKIPPED])
    assert read_manifest(manifest) == {("a.wav", 0.0, 0): CLIP, ("b.wav", 0.0, 0): SKIPPED}
    assert [path.name for path in manifest.parent.iterdir()] == ["manifest.jsonl"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("harness.corpus/2", "harness.corpus/1"),
        ("silero-v6-median-65ms", "another-annotator"),
        ('"speech_end_s":1.5', '"speech_end_s":2.5'),
        ('"rate_hz":16000', '"rate_hz":"fast"'),
        ("{", "["),
    ],
)
def test_a_manifest_that_does_not_fit_counts_as_empty(tmp_path: Path, old: str, new: str) -> None:
    manifest = tmp_path / "manifest.jsonl"
    write_manifest(manifest, [CLIP])
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new), encoding="utf-8")
    assert read_manifest(manifest) == {}


def test_no_manifest_is_an_empty_one(tmp_path: Path) -> None:
    assert read_manifest(tmp_path / "none.jsonl") == {}
    (tmp_path / "empty.jsonl").touch()
    assert read_manifest(tmp_path / "empty.jsonl") == {}


def test_a_failed_write_leaves_the_old_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.jsonl"
    write_manifest(manifest, [CLIP])
    with pytest.raises(UnicodeEncodeError):
        write_manifest(manifest, [Skipped("\udcff.wav", "", "")])
    assert list(read_manifest(manifest)) == [("a.wav", 0.0, 0)]
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.jsonl"]
