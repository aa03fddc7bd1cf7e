"""A manifest and a folder to record into."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from harness.model import AudioFormat, CorpusFacts, NetworkProfile, RunManifest
from harness.recording import RunDirectory, reserve


def build_manifest(run_id: str) -> RunManifest:
    corpus = CorpusFacts(
        name="made up",
        synthetic=True,
        clips=1,
        digest="0" * 64,
        licence="none",
        source="a test",
        end_source="exact",
        end_uncertainty_ms=0.5,
    )
    return RunManifest(
        run_id=run_id,
        started_at="2026-01-02T03:04:05+00:00",
        origin_ns=123_456_789_012_345,
        scenario="test",
        target="ws://127.0.0.1:1",
        simulated=True,
        model="m",
        dialect="openai_realtime",
        corpus=corpus,
        audio=AudioFormat(24_000),
        frame_ms=20,
        turn_limit_ms=15_000.0,
        seeds={"arrivals": 0},
        schedule_hash="abc",
        calls_planned=None,
        networks=(NetworkProfile(name="ideal"),),
    )


@pytest.fixture
def make_manifest() -> Callable[[str], RunManifest]:
    return build_manifest


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    path = reserve(tmp_path, "test", date(2026, 1, 2))
    return RunDirectory(path, build_manifest(path.name))
