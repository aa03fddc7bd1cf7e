"""The history file: JSON lines that are only ever appended, by several branches and merges too."""

from pathlib import Path

from harness.errors import BadInput
from harness.model.history import HISTORY_SCHEMA, History, HistoryLine
from harness.recording import files
from harness.recording.jsonl import decode_lines, encode_lines


def read_history(path: Path) -> History:
    """Read a history.

    Args:
        path: The file.

    Raises:
        BadInput: There is none, or a line is not one of a history or has another schema.
    """
    data = files.read_bytes(path)
    if data is None:
        raise BadInput(
            "there is no history here",
            where=str(path),
            hint="Begin one with `harness history add RUN --file FILE`",
        )
    lines = decode_lines(data, HistoryLine, str(path))
    for number, line in enumerate(lines, start=1):
        if line.schema != HISTORY_SCHEMA:
            raise BadInput(
                f"has schema {line.schema}, this version reads {HISTORY_SCHEMA}",
                where=f"{path}, line {number}",
                hint="Read it with the version of harness that wrote it",
            )
    # A run that came in through two branches counts once.
    runs = {(line.run.started_at, line.run.run_id): line.run for line in lines if line.run}
    accepted = {line.accepted.run_id: line.accepted for line in lines if line.accepted}
    return History(tuple(runs[key] for key in sorted(runs)), tuple(accepted.values()))


def append_history(path: Path, line: HistoryLine) -> None:
    """Append a line to a history, which is made when it does not exist.

    Raises:
        BadInput: The file cannot be written.
    """
    before = files.read_bytes(path) or b""
    # What was torn off in writing gets its line end first.
    gap = b"" if not before or before.endswith(b"\n") else b"\n"
    files.append_bytes(path, gap + encode_lines([line]))
