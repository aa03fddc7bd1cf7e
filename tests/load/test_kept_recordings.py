"""The recordings of a whole run, from several processes."""

from collections import Counter
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.load.kept_recordings import KeptRecordings
from harness.load.record_wish import parse_record
from harness.load.recorder import LeftOut
from harness.model import RecordedFor, Recording
from harness.recording import AUDIO, Batch, read_recordings


def kept(run: Path, text: str = "worst=2", most_mb: int = 500) -> KeptRecordings:
    wish = parse_record(text, most_mb)
    assert wish is not None
    return KeptRecordings(run, wish)


def batch(*ranks: float, size: int = 10) -> Batch:
    """Return a process's batch, as it comes out of a message."""
    entries = [
        Recording(
            session_id=f"s{rank:g}",
            turn_index=0,
            why=RecordedFor.SLOWEST,
            rank=rank,
            file=f"{rank:g}.flac",
            start_ns=0,
            rate_hz=8_000,
            samples=1,
            size_bytes=size,
        )
        for rank in ranks
    ]
    made = Batch(recordings=[(entry, bytes(size)) for entry in entries])
    return Batch.unpack(made.pack())


def files(run: Path) -> set[str]:
    return {path.stem for path in (run / AUDIO).glob("*.flac")}


def test_the_worst_of_all_processes_stay(tmp_path: Path) -> None:
    run = kept(tmp_path)
    run.take(batch(5, 9))
    run.take(batch(7, 8))
    run.take(batch(6))
    assert files(tmp_path) == {"8", "9"}
    assert {entry.rank for entry in read_recordings(tmp_path)} == {8, 9}
    assert run.in_words.startswith("2 turns recorded")


def test_all_are_kept_as_far_as_there_is_room(tmp_path: Path) -> None:
    run = kept(tmp_path, "all", most_mb=1)
    run.take(batch(1, 2, 3, size=400_000))
    assert files(tmp_path) == {"1", "2"}
    assert "1 not kept: the limit of --record-mb (1)" in run.in_words


def test_what_the_processes_left_out_is_told(tmp_path: Path) -> None:
    run = kept(tmp_path, "all")
    run.take(Batch.unpack(Batch(left_out=Counter({LeftOut.BUSY: 3})).pack()))
    run.take(Batch(left_out=Counter({LeftOut.BUSY: 1, LeftOut.MEMORY: 1})))
    assert run.in_words == (
        "0 turns recorded, 0.0 MB; 5 not kept: the machine could not keep up (4),"
        " too much audio was in memory at once (1)"
    )


def test_a_folder_that_cannot_be_written_costs_the_recordings_and_not_the_run(
    tmp_path: Path,
) -> None:
    (tmp_path / AUDIO).write_text("in the way")
    run = kept(tmp_path, "all")
    run.take(batch(1, 2))
    assert "2 not kept: the folder cannot be written to (2)" in run.in_words


def test_a_worker_cannot_write_elsewhere() -> None:
    message = batch(1).pack()
    message["recordings"] = str(message["recordings"]).replace("1.flac", "../1.flac")
    with pytest.raises(BadInput, match="not the name of a recording"):
        Batch.unpack(message)


def test_a_message_whose_files_are_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        Batch.unpack(batch(1).pack() | {"audio": []})
