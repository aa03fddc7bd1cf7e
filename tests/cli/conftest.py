"""Recorded runs for the commands that read them."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from harness.model import (
    AudioFormat,
    CorpusFacts,
    RunEvent,
    RunEventKind,
    RunManifest,
    SessionRecord,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)
from harness.recording import Histogram, RunDirectory, reserve

MS = 1_000_000
BRIEF = ("--corpus", "synthetic", "--users", "8", "--spawn-rate", "50")
"""Options of whole runs that are over soon."""


def record_run(
    root: Path,
    *,
    slower: float = 1.0,
    model: str = "gpt-realtime-2.1",
    seed: int = 0,
    second: int = 5,
) -> Path:
    """Record 80 sessions of one turn; latencies from 801 to 880 ms, times a factor."""
    path = reserve(root, "test", date(2026, 1, 2))
    corpus = CorpusFacts(
        name="made up",
        synthetic=True,
        clips=1,
        digest="",
        licence="",
        source="",
        end_source="exact",
        end_uncertainty_ms=0.0,
    )
    manifest = RunManifest(
        run_id=path.name,
        started_at=f"2026-01-02T03:04:{second:02}+00:00",
        origin_ns=0,
        scenario="test",
        target="ws://127.0.0.1:1",
        simulated=True,
        model=model,
        dialect="openai_realtime",
        corpus=corpus,
        audio=AudioFormat(24_000),
        frame_ms=20,
        turn_limit_ms=15_000.0,
        seeds={},
        schedule_hash=f"seed {seed}",
        calls_planned=80,
        networks=(),
    )
    directory = RunDirectory(path, manifest)
    for number in range(80):
        name = f"s{number}"
        at = TurnInstants(speech_end_ns=0, first_audible_ns=round((801 + number) * slower * MS))
        turn = TurnRecord(
            session_id=name,
            turn_index=0,
            kind=TurnKind.FIRST,
            status=TurnStatus.COMPLETED,
            network="none",
            utterance_id="u",
            limit_ms=15_000.0,
            at=at,
            endpoint_lateness_ns=0,
            arrival_uncertainty_ns=0,
            processing_delay_ns=0,
        )
        session = SessionRecord(
            session_id=name, call_number=number, network="none", turns_planned=1
        )
        directory.append_turns([turn])
        directory.append_sessions([session])
    calm = Histogram()
    calm.record_many([100_000] * 100)
    directory.append_histogram("send_lateness", calm, 0, MS)
    directory.append_histogram("loop_lag", calm, 0, MS)
    directory.append_event(RunEvent(kind=RunEventKind.FINISHED, at_ns=MS))
    return path


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    return partial(record_run, tmp_path)


@pytest.fixture
def short_scenario(tmp_path: Path) -> Path:
    """Write a scenario whose calls have one turn."""
    path = tmp_path / "short.py"
    path.write_text(
        "from harness import Dialogue, VoiceUser\n\n\n"
        "class Short(VoiceUser):\n"
        "    dialogue = Dialogue(turns=1, think_ms=(10, 20))\n"
    )
    return path
