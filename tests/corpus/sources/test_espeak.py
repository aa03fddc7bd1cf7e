from pathlib import Path

import pytest
import soundfile

from harness.corpus import speech_like
from harness.corpus.sources import espeak
from harness.corpus.sources.origin_note import Unavailable
from harness.model import NoProgress

PROGRAM = """#!/bin/sh
[ "$2" = de ] || exit 1
/bin/cp "$SPOKEN" "$4"
"""


def test_without_the_program_it_is_not_to_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="not on PATH"):
        espeak.fill(tmp_path, NoProgress())


def test_the_marks_are_the_first_and_the_last_sound_and_missing_voices_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    spoken = speech_like(np.random.default_rng(1), 0.5, 22_050)
    soundfile.write(tmp_path / "spoken.wav", spoken, 22_050)
    program = tmp_path / "bin" / "espeak-ng"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("SPOKEN", str(tmp_path / "spoken.wav"))
    folder = tmp_path / "filled"
    folder.mkdir()
    espeak.fill(folder, NoProgress())
    found = espeak.recordings(folder)
    assert [recording.language for recording in found] == ["de"] * 3
    for recording in found:
        assert recording.marks is not None
        assert recording.marks.start_s == pytest.approx(0.1, abs=1e-4)
        assert recording.marks.end_s == pytest.approx(0.6, abs=1e-4)
    assert not list(folder.glob("*.spoken"))
