import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.sources import harper_valley
from harness.corpus.sources.origin_note import Unavailable, read_source
from harness.model import NoProgress

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def _git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, write_speech: Callable[..., Path]) -> tuple[Path, str]:
    root = tmp_path / "repository"
    for role in ("caller", "agent"):
        write_speech(root / "data" / "audio" / role / "ab.wav", speech_s=2.0)
    segment = {
        "speaker_role": "caller", "offset_ms": 100, "duration_ms": 2000, "human_transcript": "hi",
        "word_offsets_ms": [100], "word_durations_ms": [1900],
    }  # fmt: skip
    (root / "data" / "transcript").mkdir()
    (root / "data" / "transcript" / "ab.json").write_text(json.dumps([segment]))
    (root / "LICENSE").write_text("Apache")
    _git(root, "init", "--quiet")
    _git(root, "add", ".")
    _git(root, "commit", "--quiet", "-m", "all")
    return root, _git(root, "rev-parse", "HEAD")


def test_a_commit_becomes_turns_of_a_dialogue(
    repository: tuple[Path, str], tmp_path: Path, told: Any
) -> None:
    filled = tmp_path / "made" / "filled"
    filled.mkdir(parents=True)
    harper_valley.fill_from(str(repository[0]), repository[1], filled, told)
    (turn,) = harper_valley.recordings(filled)
    assert (turn.conversation, turn.turn, turn.transcript) == ("ab", 0, "hi")
    assert repository[1] in read_source(filled)
    assert sorted(path.name for path in filled.iterdir()) == ["LICENSE", "SOURCE.txt", "data"]
    assert list(filled.parent.iterdir()) == [filled]
    assert (100, 100) in told.advances


def test_a_commit_that_is_not_there_is_not_to_be_had(
    repository: tuple[Path, str], tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match="git failed"):
        harper_valley.fill_from(str(repository[0]), "0" * 40, tmp_path / "filled", NoProgress())


def test_without_git_it_is_not_to_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="not on PATH"):
        harper_valley.fill(tmp_path, NoProgress())
