"""Which turns a process records, and what it does when it cannot."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import Party
from harness.load import recorder
from harness.load.options import Options
from harness.load.record_wish import parse_record
from harness.load.recorder import LeftOut, Recorder
from harness.model import RecordedFor, Recording, TurnRecord, TurnStatus
from harness.session import Said, TurnSound
from tests.analysis.conftest import MS, build_turn


def silence(utterance_id: str) -> NDArray[np.int16]:
    return np.zeros(80, np.int16)


def recording(text: str = "all", voice: Any = silence) -> Recorder:
    options = Options(host="ws://127.0.0.1", record=parse_record(text, 500))
    made = Recorder(options, lambda user_class: (voice, 8_000))
    made.begin(1_000 * MS)
    return made


def hold(of: Recorder, turn: TurnRecord, length_s: int = 1) -> None:
    """Let a turn come to its end."""
    said = Said(utterance_id="u", start_ns=3_000 * MS)
    sound = TurnSound(
        session_id=turn.session_id,
        turn_index=turn.turn_index,
        start_ns=3_000 * MS,
        end_ns=(3_000 + 1_000 * length_s) * MS,
        said=(said,),
        heard=(),
    )
    assert of.keeper is not None
    of.keeper.put(sound)
    of.note([turn])


def made_by(of: Recorder) -> tuple[list[Recording], dict[str, int]]:
    of.finish()
    done, left_out = of.take()
    return [entry for entry, _ in done], {why: n for why, n in left_out.items() if n}


def test_a_turn_becomes_a_file_that_says_what_it_is() -> None:
    of = recording()
    hold(of, build_turn(session="call-000003", index=2))
    of.finish()
    ((entry, data),), _ = of.take()
    assert (entry.file, entry.turn) == ("call-000003-turn-002.flac", ("call-000003", 2))
    assert (entry.why, entry.start_ns, entry.samples) == (RecordedFor.CHOSEN, 2_000 * MS, 8_000)
    assert data[:4] == b"fLaC"
    assert entry.size_bytes == len(data)
    assert made_by(of) == ([], {})


def test_only_the_worst_of_each_kind_are_kept() -> None:
    of = recording("worst=2")
    for number, latency_ms in enumerate((900.0, 700.0, 800.0, 1_000.0)):
        hold(of, build_turn(latency_ms, session=f"s{number}"))
    hold(of, build_turn(None, session="s8", status=TurnStatus.TIMEOUT))
    hold(of, build_turn(-100.0, session="s9", status=TurnStatus.PREMATURE))
    entries, left_out = made_by(of)
    why = {entry.session_id: entry.why for entry in entries}
    assert why == {
        "s0": RecordedFor.SLOWEST,
        "s3": RecordedFor.SLOWEST,
        "s8": RecordedFor.FAILED,
        "s9": RecordedFor.PREMATURE,
    }
    assert left_out == {}


def test_a_record_without_sound_and_a_sound_without_record_are_nothing() -> None:
    of = recording()
    of.note([build_turn()])
    assert made_by(of) == ([], {})


def test_nothing_is_kept_where_nothing_was_asked_for() -> None:
    of = recording("")
    assert of.keeper is None
    of.note([build_turn()])
    assert made_by(of) == ([], {})


@pytest.mark.parametrize(
    ("turn", "length_s", "reason"),
    [
        (build_turn(None, status=TurnStatus.VOID, party=Party.OURS), 1, LeftOut.SPOILED),
        (build_turn(), 301, LeftOut.TOO_LONG),
    ],
)
def test_what_cannot_be_recorded_is_counted(
    turn: TurnRecord, length_s: int, reason: LeftOut
) -> None:
    of = recording()
    hold(of, turn, length_s)
    assert made_by(of) == ([], {reason: 1})


def test_when_the_machine_cannot_keep_up_recordings_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "_MOST_WAITING", 2)
    of = recording()
    for number in range(5):
        hold(of, build_turn(session=f"s{number}"))
    entries, left_out = made_by(of)
    assert len(entries) == 2
    assert left_out == {LeftOut.BUSY: 3}


def test_the_end_of_a_run_does_not_wait_for_recordings_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "_FINISH_LIMIT_S", 0.0)
    of = recording()
    for number in range(3):
        hold(of, build_turn(session=f"s{number}"))
    entries, left_out = made_by(of)
    assert len(entries) + left_out[LeftOut.BUSY] == 3
    assert left_out[LeftOut.BUSY] > 0


def test_what_fails_in_the_thread_is_counted_and_the_next_is_recorded() -> None:
    asked: list[str] = []

    def broken_once(utterance_id: str) -> NDArray[np.int16]:
        asked.append(utterance_id)
        if len(asked) == 1:
            raise OSError("gone")
        return silence(utterance_id)

    of = recording(voice=broken_once)
    hold(of, build_turn(session="s0"))
    hold(of, build_turn(session="s1"))
    entries, left_out = made_by(of)
    assert [entry.session_id for entry in entries] == ["s1"]
    assert left_out == {LeftOut.UNMIXED: 1}
