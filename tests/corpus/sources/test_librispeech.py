import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from harness.corpus import load_utterances, obtain_corpus, speech_like
from harness.corpus.sources import librispeech
from harness.corpus.sources.download import Archive
from harness.errors import BadInput
from harness.model import NoProgress

needs_safe_tar = pytest.mark.skipif(
    not hasattr(tarfile, "data_filter"), reason="tar archives are unpacked from Python 3.11.4 on"
)

SENTENCES = {
    "84-1-0000": 2.6,
    "84-1-0001": 2.2,
    "84-1-0002": 2.4,
    "84-1-0003": 1.0,
    "9-2-0000": 2.3,
}


def _tree() -> bytes:
    """Return a small archive laid out as LibriSpeech is."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:

        def add(name: str, content: bytes) -> None:
            member = tarfile.TarInfo(f"LibriSpeech/dev-clean-2/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

        for number, (name, length_s) in enumerate(SENTENCES.items()):
            flac = io.BytesIO()
            speech = speech_like(np.random.default_rng(number), length_s, 16_000)
            soundfile.write(flac, speech, 16_000, format="FLAC")
            add(f"{name[:-5].replace('-', '/')}/{name}.flac", flac.getvalue())
        add("84/1/84-1.trans.txt", "".join(f"{n} SAID IN {n}\n" for n in SENTENCES).encode())
        add("9/2/9-2.trans.txt", b"9-2-0000 HELLO THERE\n9-2-0001 NO SUCH FILE\n")
    return packed.getvalue()


def _point_at(monkeypatch: pytest.MonkeyPatch, address: str, body: bytes) -> None:
    archive = Archive(
        address=address,
        sha256=hashlib.sha256(body).hexdigest(),
        md5=hashlib.md5(body, usedforsecurity=False).hexdigest(),
        most_bytes=10_000_000,
        most_unpacked_bytes=10_000_000,
    )
    part = replace(librispeech.PARTS[librispeech.MINI], archive=archive)
    monkeypatch.setitem(librispeech.PARTS, librispeech.MINI, part)


@needs_safe_tar
def test_two_sentences_of_each_speaker_come_with_their_words(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = _tree()
    _point_at(monkeypatch, web.serve("/dev.tar.gz", body), body)
    corpus = obtain_corpus("mini-librispeech", tmp_path, NoProgress())
    assert [clip.id for clip in corpus.clips] == ["84-1-0001", "84-1-0002", "9-2-0000"]
    assert corpus.clips[-1].transcript == "hello there"
    assert {clip.speaker for clip in corpus.clips} == {"84", "9"}
    assert corpus.facts.licence == "CC BY 4.0"
    assert not corpus.facts.synthetic
    assert len(load_utterances(corpus, 24_000)) == 3


@pytest.mark.parametrize("fault", ["truncated", "wrong bytes", "gone"])
def test_a_failed_download_leaves_nothing_behind_and_says_why(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr("harness.corpus.sources.download._FIRST_PAUSE", 0)
    body = _tree()
    if fault == "truncated":
        address = web.serve("/dev.tar.gz", body[:500], claimed=len(body))
    elif fault == "wrong bytes":
        address = web.serve("/dev.tar.gz", body[:-1] + b"?")
    else:
        address = f"{web.address}/gone"
    _point_at(monkeypatch, address, body)
    why = {"truncated": "broke off", "wrong bytes": "another file", "gone": "404"}[fault]
    with pytest.raises(BadInput, match=why):
        obtain_corpus("mini-librispeech", tmp_path, NoProgress())
    left = [path.name for path in (tmp_path / "corpora").iterdir()]
    assert left == ([".partial"] if fault == "truncated" else [])


@needs_safe_tar
def test_an_archive_of_something_else_is_refused(
    web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("readme.txt"))
    _point_at(monkeypatch, web.serve("/dev.tar.gz", packed.getvalue()), packed.getvalue())
    with pytest.raises(BadInput, match="no LibriSpeech tree"):
        obtain_corpus("mini-librispeech", tmp_path, NoProgress())
