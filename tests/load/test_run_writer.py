"""What a run directory begins with, and what becomes of a report that cannot be made."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.corpus import obtain_corpus
from harness.errors import ExitCode
from harness.load.options import Options
from harness.load.run_setup import make_schedule
from harness.load.run_writer import RunWriter
from harness.model import NoProgress, RunEventKind
from harness.plan import Dialogue
from harness.recording import Batch, read_run


def writer(folder: Path, host: str = "ws://127.0.0.1:9", model: str = "") -> RunWriter:
    path = folder / "run"
    path.mkdir()
    options = Options(host=host, model=model, corpus="synthetic", calls=1, run_dir=path)
    corpus = obtain_corpus("synthetic", folder, NoProgress())
    scenario = folder / "mine.py"
    scenario.write_text("")
    return RunWriter(options, make_schedule(options, Dialogue(), corpus), corpus, scenario)


@pytest.mark.parametrize(
    ("address", "model", "words"),
    [
        ("ws://127.0.0.1:9", "", "gpt-realtime"),
        ("ws://127.0.0.1:9/realtime?model=mini", "", "mini"),
        ("ws://127.0.0.1:9/realtime", "mini", "mini"),
        ("ws://127.0.0.1:9/realtime", "", "unknown model: the address has a path of its own"),
    ],
)
def test_the_manifest_says_the_model_or_why_it_is_not_known(
    address: str, model: str, words: str, tmp_path: Path
) -> None:
    manifest = read_run(writer(tmp_path, address, model).path).manifest
    assert manifest.model_in_words.startswith(words)
    assert (manifest.model == "") is (manifest.model_unknown != "")
    assert manifest.model_by_default is (words == "gpt-realtime")


@pytest.mark.parametrize(
    ("ended", "code", "said"),
    [
        (ExitCode.INVALID, ExitCode.INVALID, ""),
        (ExitCode.PASS, ExitCode.PASS, ""),
        (ExitCode.BAD_INPUT, ExitCode.INVALID, ""),
        (-9, ExitCode.INVALID, "the report ended with -9. What was recorded stays"),
        (OSError(24, "Too many open files"), ExitCode.INVALID, "could not be started: Too many"),
    ],
)
def test_a_report_that_cannot_be_made_leaves_the_run_not_whole(
    ended: int | OSError,
    code: ExitCode,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ours = writer(tmp_path)

    def run(command: list[str], **rest: Any) -> subprocess.CompletedProcess[str]:
        if isinstance(ended, OSError):
            raise ended
        return subprocess.CompletedProcess(command, ended)

    monkeypatch.setattr(subprocess, "run", run)
    assert ours.report() == code
    assert said in capsys.readouterr().err


def test_who_listens_hears_what_is_written_and_noted(tmp_path: Path) -> None:
    written = writer(tmp_path)
    heard: list[Batch] = []
    written.listen(heard.append)
    batch = Batch(end_ns=1)
    written.write(batch)
    written.note(RunEventKind.INTERRUPTED, "stopped")
    assert heard[0] is batch
    assert [event.detail for event in heard[1].events] == ["stopped"]
