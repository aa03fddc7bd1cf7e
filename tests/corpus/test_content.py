import gzip
from pathlib import Path

import pytest

from harness.corpus.content import what_it_is
from harness.corpus.sound import Unreadable, read


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.wav", b"", "it is empty"),
        ("a.wav", bytes(4_000), "zero bytes only"),
        ("a.wav", b"\0\0\0\x20ftypM4A " + bytes(400), "AAC and MPEG-4 cannot be read"),
        ("a.ogg", b"\x1aE\xdf\xa3" + bytes(400), "WebM and Matroska cannot be read"),
        ("a.mp3", b"\xff\xf1\x50\x80" + bytes(400), "AAC and MPEG-4 cannot be read"),
        ("a.wav", b"#!AMR\n" + bytes(400), "AMR cannot be read"),
        ("a.wav", gzip.compress(b"RIFF", mtime=0), "packed with gzip"),
        ("a.flac", b"\n<!DOCTYPE html><html>404</html>", "a web page"),
        ("a.wav", b'{"error": "not found"}', "it is text"),
        ("a.wav", b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS"),
        (
            "a.sph",
            b"NIST_1A\n   1024\nsample_coding -s26 pcm,embedded-shorten-v2.00\n".ljust(1_024),
            "SPHERE file whose audio is packed",
        ),
    ],
)
def test_the_reason_is_what_the_file_holds(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable, match="is not readable as audio: ") as refused:
        read(tmp_path / name)
    assert words in str(refused.value)


def test_what_is_not_known_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x7fELF\x02\x01")
    assert what_it_is(tmp_path / "a") is None
