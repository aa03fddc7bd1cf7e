"""Recordings on the page, of made-up runs; and of one whole run, against its records and heard."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.cli.summarising import recorded
from harness.corpus import as_flac, read_stereo
from harness.errors import BadInput
from harness.model import (
    RecordedFor,
    Recording,
    Run,
    RunEvent,
    RunEventKind,
    TurnInstants,
    TurnRecord,
)
from harness.recording import AUDIO, AudioFolder, read_recordings
from harness.report import listening, write_report
from harness.report.blocks import Html
from tests.load.conftest import check_turns
from tests.report.browser import ask
from tests.report.conftest import MakeRun, SummaryOf

MS = 1_000_000
FRAME_MS = 20
LOUD = 300
"""A level above the noise of any synthetic voice's rest."""


def keep(folder: AudioFolder, turn: TurnRecord, **changed: object) -> None:
    """Record a turn for three seconds, from half a second before its speech ended."""
    samples = np.zeros((24_000, 2), np.int16)
    data = as_flac(samples, 8_000)
    entry = Recording(
        session_id=turn.session_id,
        turn_index=turn.turn_index,
        why=RecordedFor.CHOSEN,
        rank=0.0,
        file=f"{turn.session_id}-{turn.turn_index}.flac",
        start_ns=(turn.at.speech_end_ns or 0) - 500 * MS,
        rate_hz=8_000,
        samples=len(samples),
        size_bytes=len(data),
    )
    folder.keep(replace(entry, **changed), data)  # type: ignore[arg-type]


def shown(path: Path, run: Run) -> str:
    (section,) = listening.sections(path, run)
    (block,) = section.parts
    assert isinstance(block, Html)
    return block.markup


def telling(run: Run, words: str) -> Run:
    event = RunEvent(kind=RunEventKind.RECORDINGS, at_ns=0, detail=words)
    return replace(run, events=(*run.events, event))


def test_a_run_that_recorded_nothing_says_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    assert listening.sections(tmp_path, make_run(calls=2)) == []


def test_what_was_not_kept_is_told(make_run: MakeRun, tmp_path: Path) -> None:
    run = telling(make_run(calls=2), "0 turns recorded; 3 not kept: <b>no room</b> (3)")
    words = shown(tmp_path, run)
    assert "3 not kept: &lt;b&gt;no room&lt;/b&gt; (3)." in words
    assert "<audio" not in words


def test_players_stand_by_kind_the_worst_first(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(calls=6)
    folder = AudioFolder(tmp_path, 1 << 30)
    for turn in run.turns:
        keep(folder, turn)
    words = shown(tmp_path, run)
    latencies = [
        int(text.replace("\N{NARROW NO-BREAK SPACE}", ""))
        for text in re.findall(r"voice to voice ([\d\N{NARROW NO-BREAK SPACE}]+) ms", words)
    ]
    assert latencies == sorted(latencies, reverse=True)
    assert 0 < len(latencies) <= listening.SHOWN
    assert words.count("<audio controls") == words.count("<svg")
    assert (tmp_path / AUDIO / "beside.svg").exists()
    assert "The recordings are not beside this page" in words


def test_no_more_than_so_many_have_a_player(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SHOWN", 2)
    run, folder = make_run(calls=6), AudioFolder(tmp_path, 1 << 30)
    heard = [turn for turn in run.turns if turn.status.was_heard and not turn.fault][:5]
    for turn in heard:
        keep(folder, turn)
    words = shown(tmp_path, run)
    assert words.count("<audio") == 2
    assert "3 recordings more in the folder audio" in words


def test_files_that_are_gone_or_broken_are_told_and_the_others_shown(
    make_run: MakeRun, tmp_path: Path
) -> None:
    run, folder = make_run(calls=3), AudioFolder(tmp_path, 1 << 30)
    first, second, third = run.turns[:3]
    for turn in (first, second, third):
        keep(folder, turn)
    (tmp_path / AUDIO / f"{first.session_id}-{first.turn_index}.flac").unlink()
    (tmp_path / AUDIO / f"{second.session_id}-{second.turn_index}.flac").write_bytes(b"torn")
    words = shown(tmp_path, run)
    assert "2 recordings cannot be played" in words
    assert words.count("<audio") == 1


def test_a_list_that_leads_elsewhere_is_not_followed(make_run: MakeRun, tmp_path: Path) -> None:
    run, folder = make_run(calls=2), AudioFolder(tmp_path, 1 << 30)
    keep(folder, run.turns[0])
    lines = tmp_path / AUDIO / "recordings.jsonl"
    name = f"{run.turns[0].session_id}-{run.turns[0].turn_index}.flac"
    lines.write_text(lines.read_text().replace(name, f"../{AUDIO}/{name}"))
    with pytest.raises(BadInput, match="is not the name of a recording"):
        shown(tmp_path, run)


def test_marks_tell_also_what_the_next_turn_did(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run(calls=1)
    first = run.turns[0]
    at = TurnInstants(speech_end_ns=1_000 * MS, first_audio_ns=1_700 * MS)
    first = replace(first, at=replace(at, first_audible_ns=1_800 * MS, answer_audible_ns=None))
    later = replace(at, barge_in_onset_ns=2_500 * MS, audio_stopped_ns=2_700 * MS)
    second = replace(first, turn_index=1, at=replace(later, first_audible_ns=9_000 * MS))
    keep(AudioFolder(tmp_path, 1 << 30), first, underruns_ns=((2_000 * MS, 2_100 * MS),))
    words = shown(tmp_path, replace(run, turns=(first, second)))
    assert re.findall(r'class="key (\w+)">([^<]*)<', words) == [
        ("end", "Speech end 0.50 s"),
        ("audio", "First audio 1.20 s"),
        ("audible", "First audible 1.30 s"),
        ("barge", "Barge-in 2.00 s"),
        ("stopped", "Agent stopped 2.20 s"),
        ("gap", "Underrun 1.50 to 1.60 s"),
    ]
    assert "1 underrun" in words
    assert 'class="gap" x="200.0"' in words


def test_a_page_of_many_recordings_stays_light(make_run: MakeRun, tmp_path: Path) -> None:
    run, folder = make_run(calls=20), AudioFolder(tmp_path, 1 << 30)
    noise = np.random.default_rng(1).integers(-9_000, 9_000, (24_000, 2)).astype(np.int16)
    for turn in run.turns:
        keep(folder, turn)
    for file in (tmp_path / AUDIO).glob("*.flac"):
        file.write_bytes(as_flac(noise, 8_000))
    words = shown(tmp_path, run)
    assert words.count("<audio") >= listening.SHOWN
    # Three kinds of so many: half a megabyte at most.
    assert len(words) < 12_000 * words.count("<audio")


def hold_recorded(reports: Path) -> Path:
    """Hold a run in two processes and return its folder."""
    words = [sys.executable, "-m", "harness", "run", "conversation", "--reports", str(reports)]
    words += ["--corpus", "synthetic", "--turns", "1", "--users", "2", "--spawn-rate", "10"]
    words += ["--calls", "2", "--processes", "2", "--record", "all"]
    subprocess.run(words, capture_output=True, timeout=110, check=False)
    (run,) = reports.iterdir()
    check_turns(run)
    return run


def test_a_recording_of_the_simulator_agrees_with_its_marks(tmp_path: Path) -> None:
    held = hold_recorded(tmp_path)
    run = recorded(held)
    turns = {(turn.session_id, turn.turn_index): turn for turn in run.turns}
    kept = read_recordings(held)
    # What our own lateness spoiled is not recorded.
    assert {entry.turn for entry in kept} >= {
        key for key, turn in turns.items() if turn.status == "completed"
    }
    for entry in kept:
        samples, rate_hz = read_stereo(held / AUDIO / entry.file)
        assert (len(samples), rate_hz) == (entry.samples, entry.rate_hz)
        sounds = [np.flatnonzero(np.abs(samples[:, side].astype(int)) > LOUD) for side in (0, 1)]
        ends_ms = (entry.start_ns + sounds[0][-1] * 1_000 * MS // rate_hz) / MS
        begins_ms = (entry.start_ns + sounds[1][0] * 1_000 * MS // rate_hz) / MS
        at = turns[entry.turn].at
        assert ends_ms == pytest.approx((at.speech_end_ns or 0) / MS, abs=FRAME_MS)
        assert begins_ms == pytest.approx((at.first_audible_ns or 0) / MS, abs=FRAME_MS)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not on PATH")
def test_a_browser_plays_the_recordings_beside_the_page(
    make_run: MakeRun, summary_of: SummaryOf, tmp_path: Path
) -> None:
    beside, apart = tmp_path / "beside", tmp_path / "apart.html"
    beside.mkdir()
    run, folder = make_run(calls=2), AudioFolder(beside, 1 << 30)
    for turn in run.turns[:2]:
        keep(folder, turn)
    page = write_report(beside, run, summary_of(run))
    shutil.copy(page, apart)
    script = (
        "const found=[];for(const a of document.querySelectorAll('audio')){a.muted=true;try{"
        "await a.play();await new Promise(r=>a.ontimeupdate=()=>a.currentTime>0.2&&r());"
        "found.push('plays')}catch(e){found.push(e.name)}}"
        "return [found,document.querySelector('.absent img').naturalWidth]"
    )
    assert ask(page, script, tmp_path / "first") == [["plays", "plays"], 1]
    assert ask(apart, script, tmp_path / "second") == [["NotSupportedError"] * 2, 0]
