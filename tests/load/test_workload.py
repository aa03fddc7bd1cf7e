"""A process's share of the calls, as far as it needs neither a loop nor a server."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus import Corpus, obtain_corpus
from harness.load.options import Options
from harness.load.run_setup import make_schedule
from harness.load.workload import Workload
from harness.model import NoProgress, TurnStatus
from harness.plan import Dialogue


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    made = obtain_corpus("synthetic", tmp_path / "cache", NoProgress())
    return replace(made, clips=made.clips[:2])


def _workload(corpus: Corpus, calls: int) -> Workload:
    options = Options(host="ws://127.0.0.1:1", calls=calls)
    schedule = make_schedule(options, Dialogue(turns=1), corpus)
    return Workload(options, schedule, corpus, NoProgress())


def test_a_call_whose_recording_has_gone_is_written_down_and_the_run_comes_to_its_end(
    corpus: Corpus,
) -> None:
    degraded = [replace(clip, condition="noisy", utterance="u") for clip in corpus.clips[:1]]
    workload = _workload(replace(corpus, clips=tuple(degraded)), calls=2)
    shutil.rmtree(corpus.folder)
    assert workload.hold_next()
    assert workload.hold_next()
    assert not workload.hold_next()
    assert workload.active == 0
    turns = workload.take_batch().turns
    assert [turn.session_id for turn in turns] == ["call-000000", "call-000001"]
    assert {turn.status for turn in turns} == {TurnStatus.DROPPED}
    assert {turn.condition for turn in turns} == {"noisy"}
    assert turns[0].fault is not None
    assert turns[0].fault.code == "no_speech"
