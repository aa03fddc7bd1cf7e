from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.accuracy import accuracy
from harness.bench.workload import short_corpus
from harness.corpus.manifest import write_manifest
from harness.engine.prompts import in_words, require_words
from harness.errors import BadInput
from harness.model import Clip
from harness.recording import read_run, read_truth
from tests.load.conftest import check_held, check_turns, run_locust
from tests.session.answering import FRAME, WIRE_FORMAT

CLIP = Clip(
    id="hello",
    path="hello.wav",
    sha256="",
    rate_hz=24_000,
    channels=1,
    duration_s=2.0,
    speech_start_s=0.5,
    speech_end_s=1.51,
    end_source="exact",
    end_uncertainty_ms=0.0,
    transcript=" Hello, is anybody there? ",
)


def test_a_prompt_takes_as_long_as_its_speech_and_sends_nothing_before() -> None:
    made = in_words(CLIP, replace(WIRE_FORMAT, in_text=True))
    assert made.words == "Hello, is anybody there?"
    assert made.messages == [b""] * 51
    assert (made.onset_sample, made.end_sample) == (0, 51 * FRAME - 1)


def test_the_shortest_speech_takes_one_frame() -> None:
    assert len(in_words(replace(CLIP, speech_end_s=0.500_001), WIRE_FORMAT).messages) == 1


def test_clips_without_a_transcript_are_named_in_one_line() -> None:
    require_words([CLIP])
    silent = [replace(CLIP, id=f"c{n}", transcript=" ") for n in range(7)]
    with pytest.raises(BadInput, match=r"^--dialect x: no transcript of c0, c1, c2, c3, c4 and 2"):
        require_words([CLIP, *silent], "--dialect x")
    with pytest.raises(BadInput, match="no transcript of c0"):
        in_words(silent[0], WIRE_FORMAT)


def test_an_application_behind_a_relay_is_measured_as_it_truly_was(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    corpus = short_corpus()
    said = [replace(clip, transcript="Is anybody there?") for clip in corpus.clips]
    write_manifest(tmp_path / "said.jsonl", said, corpus.folder)
    (tmp_path / "simulator.toml").write_text("[latency]\nshift_ms = 200.0\nmedian_ms = 50.0\n")
    host = serve(
        *("--config", str(tmp_path / "simulator.toml")), "--truth", str(tmp_path / "truth.jsonl")
    )
    done = run_locust(
        *("--host", f"{host.replace('ws', 'http', 1)}/twilio-relay/voice"),
        *("--dialect", "twilio-relay", "--corpus", str(tmp_path / "said.jsonl")),
        *("-u", "3", "-r", "20", "--calls", "3", "--turns", "1"),
        reports=tmp_path / "r",
    )
    folder = check_held(done, tmp_path / "r")
    check_turns(folder)
    run = read_run(folder)
    first, last = accuracy(run.turns, read_truth(tmp_path), run.manifest)
    assert (first.metric, last.metric) == ("time_to_first_token", "time_to_last_token")
    for found in (first, last):
        assert found.n > 0
        assert -1 < found.min_ms <= found.max_ms < 10
    assert all(turn.in_text for turn in run.turns)
    assert all(session.provider_session_id.startswith("VX") for session in run.sessions)
    assert all(session.answered_ns is not None for session in run.sessions)
