from pathlib import Path

import numpy as np
import pytest
import soundfile

from harness.cli.app import run
from harness.corpus import speech_like
from harness.errors import ExitCode


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))


def test_list_tells_what_is_cached(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "list"]) == ExitCode.PASS
    assert "cached" not in capsys.readouterr().out
    assert run(["corpus", "fetch", "synthetic"]) == ExitCode.PASS
    assert "24 clips" in capsys.readouterr().out
    assert run(["corpus", "list"]) == ExitCode.PASS
    cached = [line for line in capsys.readouterr().out.splitlines() if "cached" in line]
    assert [line.split()[0] for line in cached] == ["synthetic"]


def test_show_prints_a_folder_with_its_marks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clips").mkdir()
    silence = np.zeros(8_000, dtype=np.int16)
    speech = speech_like(np.random.default_rng(2), 0.8, 16_000)
    clip = np.concatenate((silence, speech, silence))
    soundfile.write(tmp_path / "clips" / "hello.wav", clip, 16_000)
    assert run(["corpus", "show", str(tmp_path / "clips")]) == ExitCode.PASS
    shown = capsys.readouterr().out
    assert "silero-v6-60ms, ±60 ms" in shown
    assert "hello" in shown


def test_an_unknown_corpus_is_one_line_and_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "show", "nope"]) == ExitCode.BAD_INPUT
    assert capsys.readouterr().err.count("\n") == 1
