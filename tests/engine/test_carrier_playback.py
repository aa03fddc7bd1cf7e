"""Marks on a real loop, and calls through a carrier's socket held against the truth."""

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path

from harness.analysis.accuracy import accuracy
from harness.clock import now_ns
from harness.dialects.carriers.media_stream import MediaStream
from harness.dialects.carriers.tables import PLIVO
from harness.engine.carrier_playback import CarrierPlayback
from harness.model import AudioDelta, Notice, PlaybackCleared, PlaybackMark
from harness.recording import read_run, read_truth
from tests.load.conftest import check_held, check_turns, run_locust

TENTH_S = AudioDelta(base64.b64encode(bytes(800)))


def _playback(say: Callable[[list[bytes]], None]) -> CarrierPlayback:
    dialect = MediaStream(PLIVO)
    return CarrierPlayback(dialect, dialect.open("0" * 32), say)


def _names(said: list[bytes]) -> list[str]:
    return [json.loads(message).get("name", "cleared") for message in said]


def test_a_mark_comes_back_after_its_audio() -> None:
    async def play() -> tuple[float, list[str]]:
        said, told = list[bytes](), asyncio.Event()

        def say(messages: list[bytes]) -> None:
            said.extend(messages)
            told.set()

        playback, began_ns = _playback(say), now_ns()
        playback.receive(TENTH_S, began_ns)
        playback.receive(PlaybackMark("over"), began_ns)
        assert said == []
        await told.wait()
        return (now_ns() - began_ns) / 1e6, _names(said)

    took_ms, names = asyncio.run(asyncio.wait_for(play(), 30))
    assert took_ms >= 100
    assert names == ["over"]


def test_audio_that_is_taken_back_is_acknowledged_and_its_marks_stay_away() -> None:
    async def play() -> list[str]:
        said: list[bytes] = []
        playback = _playback(said.extend)
        playback.receive(TENTH_S, now_ns() + 10**12)
        playback.receive(PlaybackMark("a"), now_ns())
        playback.receive(Notice("other"), now_ns())
        playback.receive(PlaybackCleared(), now_ns())
        playback.end()
        return _names(said)

    assert asyncio.run(play()) == ["cleared"]


def test_an_application_behind_a_carrier_is_measured_as_it_truly_was(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "simulator.toml").write_text("[latency]\nshift_ms = 200.0\nmedian_ms = 50.0\n")
    host = serve(
        *("--config", str(tmp_path / "simulator.toml")), "--truth", str(tmp_path / "truth.jsonl")
    )
    done = run_locust(
        *("--host", f"{host}/twilio", "--dialect", "twilio"),
        *("-u", "3", "-r", "20", "--calls", "3", "--turns", "2"),
        reports=tmp_path / "r",
    )
    folder = check_held(done, tmp_path / "r")
    check_turns(folder)
    run = read_run(folder)
    (found,) = accuracy(run.turns, read_truth(tmp_path), run.manifest)
    # What our own lateness spoiled is void; of what counts, nothing is further off than its bound.
    assert found.n > 0
    assert -10 < found.min_ms <= found.max_ms < 10
    assert {session.settings_acknowledged for session in run.sessions} == {None}
    assert all(session.provider_session_id.startswith("MZ") for session in run.sessions)
