"""Builders of records, as small as a test can want them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.errors import Fault, Party, Phase
from harness.model import (
    AudioFormat,
    CorpusFacts,
    DurationSummary,
    NetworkProfile,
    Run,
    RunEvent,
    RunEventKind,
    RunManifest,
    SessionRecord,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)

MS = 1_000_000
ANSWERED = (TurnStatus.COMPLETED, TurnStatus.PREMATURE)


def build_turn(
    latency_ms: float | None = 800.0,
    *,
    session: str = "s0",
    index: int = 0,
    status: TurnStatus = TurnStatus.COMPLETED,
    party: Party = Party.THEIRS,
    network: str = "ideal",
    **more: Any,
) -> TurnRecord:
    """Return a turn whose speech ended at 10 s; `latency_ms` of `None` was never heard."""
    end_ns = 10_000 * MS
    heard_ns = None if latency_ms is None else end_ns + round(latency_ms * MS)
    at = TurnInstants(
        speech_onset_ns=end_ns - 2_000 * MS,
        speech_end_ns=end_ns,
        server_endpoint_ns=None if heard_ns is None else end_ns + round((heard_ns - end_ns) / 2),
        first_audio_ns=None if heard_ns is None else heard_ns - 50 * MS,
        first_audible_ns=heard_ns,
    )
    fault = None if status in ANSWERED else Fault(party, Phase.RESPONSE, "test")
    settled: dict[str, Any] = {
        "session_id": session,
        "turn_index": index,
        "kind": TurnKind.LATER if index else TurnKind.FIRST,
        "utterance_id": "clip",
        "limit_ms": 15_000.0,
        "at": at,
        "fault": fault,
        "endpoint_lateness_ns": MS // 10,
        "arrival_uncertainty_ns": 0,
        "processing_delay_ns": 0,
    }
    return TurnRecord(status=status, network=network, **(settled | more))


def build_text_turn(
    first_ms: float | None = 300.0,
    last_ms: float | None = 900.0,
    *,
    status: TurnStatus = TurnStatus.COMPLETED,
    **more: Any,
) -> TurnRecord:
    """Return a turn in text whose prompt was due at 10 s, and left 1 ms later."""
    due_ns = 10_000 * MS
    at = TurnInstants(
        speech_onset_ns=due_ns - 2_000 * MS,
        speech_end_ns=due_ns,
        commit_sent_ns=due_ns + MS,
        first_text_ns=None if first_ms is None else due_ns + round(first_ms * MS),
        last_text_ns=None if last_ms is None else due_ns + round(last_ms * MS),
    )
    return build_turn(None, status=status, at=at, in_text=True, **more)


def build_session(session: str = "s0", **more: Any) -> SessionRecord:
    """Return a session of one minute, all of whose frames went out."""
    settled: dict[str, Any] = {
        "call_number": 0,
        "network": "ideal",
        "turns_planned": 1,
        "turns_done": 1,
        "open_start_ns": 0,
        "ready_ns": 100 * MS,
        "closed_ns": 60_100 * MS,
        "frames_intended": 3_000,
        "frames_sent": 3_000,
    }
    return SessionRecord(session_id=session, **(settled | more))


def build_run(
    turns: Sequence[TurnRecord],
    sessions: Sequence[SessionRecord] | None = None,
    *,
    events: Sequence[RunEvent] | None = None,
    networks: Sequence[NetworkProfile] = (),
    model: str = "gpt-realtime-2.1",
    simulated: bool = True,
    calls_planned: int | None = -1,
    turns_planned: int | None = None,
    **more: Any,
) -> Run:
    """Return a healthy run of the turns; sessions are made up when not given.

    Calls are planned as they were held, unless something else is said.
    """
    if sessions is None:
        names = Counter(turn.session_id for turn in turns)
        sessions = [
            build_session(name, call_number=number, turns_planned=names[name])
            for number, name in enumerate(sorted(names))
        ]
    corpus = CorpusFacts(
        name="made up",
        synthetic=True,
        clips=1,
        digest="0" * 64,
        licence="none",
        source="a test",
        end_source="exact",
        end_uncertainty_ms=0.0,
    )
    manifest = RunManifest(
        run_id="2026-01-02-test",
        started_at="2026-01-02T03:04:05+00:00",
        origin_ns=0,
        scenario="test",
        target="ws://127.0.0.1:1",
        simulated=simulated,
        model=model,
        dialect="openai_realtime",
        corpus=corpus,
        audio=AudioFormat(24_000),
        frame_ms=20,
        turn_limit_ms=15_000.0,
        seeds={"arrivals": 1},
        schedule_hash="abc",
        calls_planned=len({s.call_number for s in sessions})
        if calls_planned == -1
        else calls_planned,
        turns_planned=turns_planned,
        networks=tuple(networks),
    )
    calm = DurationSummary(n=1_000, p50_ms=0.1, p99_ms=1.0, p999_ms=2.0, max_ms=3.0)
    settled: dict[str, Any] = {"send_lateness": calm, "loop_lag": calm}
    finished = [RunEvent(kind=RunEventKind.FINISHED, at_ns=60_200 * MS)]
    return Run(
        manifest=manifest,
        turns=tuple(turns),
        sessions=tuple(sessions),
        events=tuple(finished if events is None else events),
        **(settled | more),
    )


@pytest.fixture
def make_turn() -> Callable[..., TurnRecord]:
    return build_turn


@pytest.fixture
def make_session() -> Callable[..., SessionRecord]:
    return build_session


@pytest.fixture
def make_run() -> Callable[..., Run]:
    return build_run


@pytest.fixture
def simulate() -> Callable[..., Run]:
    """Make a run of log-normal latencies: median 800 ms, turns of a session alike."""

    def simulate(
        name: str,
        *,
        seed: int = 0,
        shift: float = 0.0,
        sessions: int = 20,
        per: int = 5,
        failed: int = 0,
        timeouts: int = 0,
        **manifest: Any,
    ) -> Run:
        rng = np.random.default_rng([20_260_301, seed])
        of_session = rng.normal(0, 0.15, (sessions, 1))
        logs = np.log(800) + shift + of_session + rng.normal(0, 0.25, (sessions, per))
        turns = [
            build_turn(float(np.exp(logs[s, t])), session=f"s{s}", index=t)
            for s in range(sessions)
            for t in range(per)
        ]
        for number in range(failed):
            turns[number] = build_turn(
                None, session=turns[number].session_id, status=TurnStatus.FAILED
            )
        for number in range(failed, failed + timeouts):
            turns[number] = build_turn(
                None, session=turns[number].session_id, status=TurnStatus.TIMEOUT
            )
        run = build_run(turns)
        facts = {"run_id": name, "schedule_hash": f"seed {seed}"} | manifest
        return replace(run, manifest=replace(run.manifest, **facts))

    return simulate


@pytest.fixture
def make_text_turn() -> Callable[..., TurnRecord]:
    """Build a turn in text."""
    return build_text_turn
