from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.app import run as harness
from harness.errors import ExitCode
from harness.model import SessionRecord, StageRecord
from harness.recording import encode_lines, read_stages

Record = Callable[..., Path]


def _of(session: str) -> StageRecord:
    return StageRecord(
        session_id=session,
        response_id="r",
        frame_end_samples=(),
        frame_received_ns=(),
        endpoint_ns=0,
    )


def _known(path: Path, theirs: str) -> Path:
    session = SessionRecord(
        session_id="s",
        call_number=0,
        network="ideal",
        turns_planned=1,
        provider_session_id=theirs,
    )
    (path / "sessions.jsonl").write_bytes(encode_lines([session]))
    return path


def test_a_run_gets_what_is_its_own_of_a_log(record: Record, tmp_path: Path) -> None:
    log, run = tmp_path / "log.jsonl", _known(record(), "mine")
    log.write_bytes(encode_lines([_of("other"), _of("mine")]))
    harness(["report", str(run), "--no-html", "--stages", str(log)])
    assert read_stages(run) == (_of("mine"),)
    # A second time it is the same, and nothing is there twice.
    harness(["report", str(run), "--no-html", "--stages", str(log)])
    assert read_stages(run) == (_of("mine"),)


@pytest.mark.parametrize(
    ("written", "words"),
    [(encode_lines([_of("other")]), "no response of the sessions"), (None, "no such stage log")],
)
def test_a_log_of_nothing_here_is_bad_input_and_changes_nothing(
    record: Record,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    written: bytes | None,
    words: str,
) -> None:
    log, run = tmp_path / "log.jsonl", _known(record(), "mine")
    if written is not None:
        log.write_bytes(written)
    before = sorted(run.iterdir())
    assert harness(["report", str(run), "--stages", str(log)]) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1
    assert sorted(run.iterdir()) == before
