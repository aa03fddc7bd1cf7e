from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from harness.errors import BadInput
from harness.model import (
    RecordedFor,
    Recording,
    RunEvent,
    RunEventKind,
    SessionRecord,
    VendorAccount,
)
from harness.recording import Batch, Histogram, RunDirectory, read_run


def batch() -> Batch:
    lateness = Histogram()
    lateness.record_many([1_000_000, 2_000_001])
    return Batch(
        sessions=[SessionRecord(session_id="é", call_number=0, network="n", turns_planned=1)],
        events=[RunEvent(kind=RunEventKind.FINISHED, at_ns=9)],
        accounts=[VendorAccount(session_id="é", cost=0.1, turns_ms=({"model": 2.0},))],
        histograms={"send_lateness": lateness, "loop_lag": Histogram()},
        start_ns=1,
        end_ns=9,
    )


def test_a_batch_writes_the_same_run_with_and_without_a_message(directory: RunDirectory) -> None:
    Batch.unpack(batch().pack()).write(directory)
    run = read_run(directory.path)
    assert list(run.sessions) == batch().sessions
    assert list(run.events) == batch().events
    assert list(run.accounts) == batch().accounts
    assert run.send_lateness == batch().histograms["send_lateness"].summary()
    assert run.loop_lag is None


@pytest.mark.parametrize(
    "change",
    [{"histograms": None}, {"interval": None}, {"turns": "{}\n"}, {"histograms": {"x": "y"}}],
)
def test_a_message_that_is_no_batch_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((BadInput, ValueError)):
        Batch.unpack(batch().pack() | change)


def test_a_batch_in_parts_writes_the_same_run(directory: RunDirectory) -> None:
    whole = batch()
    parts = whole.split(1)
    assert [len(p.sessions) + len(p.events) + len(p.accounts) for p in parts] == [1, 1, 1]
    for part in parts:
        Batch.unpack(part.pack()).write(directory)
    run = read_run(directory.path)
    assert (list(run.sessions), list(run.events)) == (whole.sessions, whole.events)
    assert list(run.accounts) == whole.accounts
    assert run.send_lateness == whole.histograms["send_lateness"].summary()
    assert Batch(end_ns=4).split(9) == [Batch(end_ns=4)]


def test_recordings_travel_one_by_one_and_none_is_lost() -> None:
    entries = [
        Recording(
            session_id=name,
            turn_index=0,
            why=RecordedFor.CHOSEN,
            rank=0.0,
            file=f"{name}.flac",
            start_ns=0,
            rate_hz=8_000,
            samples=1,
            size_bytes=1,
        )
        for name in ("a", "b")
    ]
    whole = replace(
        batch(),
        recordings=[(entries[0], b"\x00"), (entries[1], b"\xff")],
        left_out=Counter({"why": 2}),
    )
    parts = [Batch.unpack(part.pack()) for part in whole.split(500)]
    assert [len(part.recordings) for part in parts] == [1, 1, 0]
    assert [one for part in parts for one in part.recordings] == whole.recordings
    assert sum((part.left_out for part in parts), Counter()) == whole.left_out
