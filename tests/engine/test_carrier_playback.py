"""Marks on a real loop, and calls through a carrier's socket held against the truth."""

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

from harness.analysis.accuracy import accuracy
from harness.clock import now_ns
from harness.dialects.twilio import TwilioMediaStreams
from harness.engine.carrier_playback import CarrierPlayback
from harness.model import AudioDelta, Notice, PlaybackCleared, PlaybackMark
from harness.recording import read_run, read_truth
from tests.load.conftest import check_held, check_turns, run_locust

TENTH_S = AudioDelta(base64.b64encode(bytes(800)))


def test_a_mark_comes_back_after_its_audio() -> None:
    async def play() -> float:
        back = asyncio.get_running_loop().create_future()
        playback, began_ns = CarrierPlayback(TwilioMediaStreams(), back.set_result), now_ns()
        playback.receive(TENTH_S, began_ns)
        playback.receive(PlaybackMark("over"), began_ns)
        assert not back.done()
        assert await asyncio.wait_for(back, 30) == "over"
        return (now_ns() - began_ns) / 1e6

    assert asyncio.run(play()) >= 100


def test_marks_of_audio_that_is_taken_back_come_at_once() -> None:
    async def play() -> list[str]:
        back: list[str] = []
        playback = CarrierPlayback(TwilioMediaStreams(), back.append)
        playback.receive(TENTH_S, now_ns() + 10**12)
        playback.receive(PlaybackMark("a"), now_ns())
        playback.receive(Notice("other"), now_ns())
        assert back == []
        playback.receive(PlaybackCleared(), now_ns())
        playback.end()
        return back

    assert asyncio.run(play()) == ["a"]


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
    (found,) = accuracy(run.turns, read_truth(tmp_path), run.manifest.audio.rate_hz)
    # What our own lateness spoiled is void; of what counts, nothing is further off than its bound.
    assert found.n > 0
    assert -10 < found.min_ms <= found.max_ms < 10
    assert {session.settings_acknowledged for session in run.sessions} == {None}
    assert all(session.provider_session_id.startswith("MZ") for session in run.sessions)
