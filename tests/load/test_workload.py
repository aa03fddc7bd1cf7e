"""A process's share of the calls, as far as it needs neither a loop nor a server."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus import Corpus, obtain_corpus
from harness.load.options import Options
from harness.load.run_setup import make_schedule
from harness.load.workload import Workload
from harness.model import NoProgress, TurnStatus
from harness.plan import Dialogue
from tests.load.conftest import check_held, run_locust


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


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_what_the_api_understood_stands_beside_what_was_said(
    wrong: float, corpus: Corpus, serve: Callable[..., str], tmp_path: Path
) -> None:
    (made,) = (tmp_path / "cache").rglob("manifest.jsonl")
    rows = [json.loads(line) for line in made.read_text().splitlines()]
    for row in rows:
        if "id" in row:
            row["transcript"] = f"These are the words of {row['id']}."
    manifest = corpus.folder / "said.jsonl"
    manifest.write_text("\n".join(json.dumps(row) for row in rows))
    config = f'[transcription]\ncorpus = "{manifest}"\nwrong = {wrong}\n'
    (tmp_path / "simulator.toml").write_text(config)
    (tmp_path / "session.json").write_text(
        '{"audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}}'
    )
    done = run_locust(
        *("--host", serve("--config", str(tmp_path / "simulator.toml"))),
        *("--corpus", str(manifest), "--session", str(tmp_path / "session.json")),
        *("-u", "2", "-r", "10", "--calls", "2", "--turns", "2"),
        reports=tmp_path / "reports",
    )
    run = check_held(done, tmp_path / "reports")
    summary = json.loads((run / "summary.json").read_text())
    found = summary["understanding"][0]
    assert found["n"] >= 2
    assert found["value"] == wrong
    assert "word errors" in done.stdout
    assert "Was the caller understood?" in (run / "report.html").read_text()
