"""Runs made up for these tests: known numbers, no clock, no files."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.analysis import summarise
from harness.errors import Fault, Party, Phase
from harness.load.price_list import bundled_prices
from harness.model import (
    AudioFormat,
    CorpusFacts,
    Direction,
    DurationSummary,
    NetworkProfile,
    RealisedNetwork,
    Run,
    RunEvent,
    RunEventKind,
    RunManifest,
    SessionRecord,
    Summary,
    TokenUsage,
    TurnInstants,
    TurnKind,
    TurnRecord,
    TurnStatus,
)

MakeRun = Callable[..., Run]
SummaryOf = Callable[[Run], Summary]
_MS = 1_000_000
_NETWORKS = (("ideal", 0.0, 0.0), ("lte_good", 25.0, 8.0), ("wifi_busy", 45.0, 30.0))


def _manifest(names: Sequence[str], *, synthetic: bool) -> RunManifest:
    profiles = []
    for name, delay, jitter in _NETWORKS:
        way = Direction(delay_ms=delay, jitter_ms=jitter, rate_kbit_s=8_000 if delay else None)
        note = "Packet loss is not emulated." if delay else ""
        profiles.append(
            NetworkProfile(name=name, up=way, down=way, source="test figures", note=note)
        )
    return RunManifest(
        run_id="2026-01-02-conversation",
        started_at="2026-01-02T03:04:05+00:00",
        origin_ns=0,
        scenario="conversation",
        target="ws://127.0.0.1:9001/v1/realtime",
        simulated=True,
        model="gpt-realtime",
        dialect="openai",
        corpus=CorpusFacts(
            name="telephone prompts",
            synthetic=synthetic,
            clips=60,
            digest="ab" * 32,
            licence="CC-BY-SA-3.0",
            source="the distribution's package",
            end_source="silero-v6-60ms",
            end_uncertainty_ms=16.0,
        ),
        audio=AudioFormat(24_000),
        frame_ms=20,
        turn_limit_ms=15_000.0,
        seeds={"arrivals": 1, "utterances": 2, "think": 3, "network": 4},
        schedule_hash="cd" * 32,
        calls_planned=20,
        networks=tuple(profile for profile in profiles if profile.name in names),
        scenario_digest="ef" * 32,
        settings={"callers": "20"},
        versions={"harness": "0.1.0", "python": "3.11.7"},
        host={"system": "Linux", "cpus": "2"},
        commit="0123456789abcdef",
    )


def _turn(
    generator: np.random.Generator,
    call: int,
    index: int,
    network: str,
    *,
    lost: Fault | None,
    lost_as: TurnStatus,
) -> TurnRecord:
    _, delay, jitter = next(entry for entry in _NETWORKS if entry[0] == network)
    end = (2_000 + call * 700 + index * 4_000) * _MS
    response = 450.0 + 2 * delay + 250.0 * float(generator.lognormal(0.0, 0.6))
    response += jitter * float(generator.uniform(-1, 1))
    endpoint, audible = end + int(220 * _MS), end + int(response * _MS)
    missing = TurnInstants(speech_end_ns=end)
    heard = TurnInstants(
        speech_onset_ns=end - 1_500 * _MS,
        speech_end_ns=end,
        server_endpoint_ns=endpoint,
        response_created_ns=endpoint + 10 * _MS,
        first_audio_ns=audible - 60 * _MS,
        first_audible_ns=audible,
        last_audio_ns=audible + 1_000 * _MS,
        playout_end_ns=audible + 2_000 * _MS,
    )
    return TurnRecord(
        session_id=f"s{call:05d}",
        turn_index=index,
        kind=TurnKind.FIRST if index == 0 else TurnKind.LATER,
        status=TurnStatus.COMPLETED if lost is None else lost_as,
        network=network,
        utterance_id="vm-goodbye",
        limit_ms=15_000.0,
        at=heard if lost is None else missing,
        fault=lost,
        usage=TokenUsage(input_audio=20, output_audio=60) if lost is None else None,
        endpoint_lateness_ns=_MS // 10,
        arrival_uncertainty_ns=None if lost else _MS // 5,
        processing_delay_ns=None if lost else 0,
    )


def _run(
    *,
    calls: int = 60,
    turns_each: int = 6,
    networks: Sequence[str] = ("ideal", "lte_good", "wifi_busy"),
    fault_every: int = 0,
    fault: Fault | None = None,
    lost_as: TurnStatus = TurnStatus.FAILED,
    synthetic: bool = False,
    seed: int = 7,
) -> Run:
    """Make a run; with `fault_every`, every such turn failed with `fault`."""
    generator = np.random.default_rng(seed)
    fault = fault or Fault(Party.THEIRS, Phase.RESPONSE, "rate_limit_exceeded", "Slow down")
    turns, sessions = [], []
    for call in range(calls):
        network = networks[call % len(networks)]
        for index in range(turns_each):
            bad = fault_every and (call * turns_each + index) % fault_every == 0
            turns.append(
                _turn(generator, call, index, network, lost=fault if bad else None, lost_as=lost_as)
            )
        start = call * 700 * _MS
        sessions.append(
            SessionRecord(
                session_id=f"s{call:05d}",
                call_number=call,
                network=network,
                turns_planned=turns_each,
                turns_done=turns_each,
                scheduled_start_ns=start,
                open_start_ns=start,
                connected_ns=start + 20 * _MS,
                ready_ns=start + 60 * _MS,
                closed_ns=start + 30_000 * _MS,
                frames_intended=1_500,
                frames_sent=1_500,
                send_lateness_max_ns=400_000,
            )
        )
    events = [
        RunEvent(
            kind=RunEventKind.NETWORK,
            at_ns=0,
            network=RealisedNetwork(
                profile=name,
                probes=50,
                verified=True,
                why="the delay is there",
                rtt_p10_ms=2 * delay,
                rtt_p50_ms=2 * delay + 0.6,
                rtt_p90_ms=2 * delay + 2,
            ),
        )
        for name, delay, _ in _NETWORKS
        if name in networks
    ]
    events.append(RunEvent(kind=RunEventKind.FINISHED, at_ns=90_000 * _MS))
    return Run(
        manifest=_manifest(networks, synthetic=synthetic),
        turns=tuple(turns),
        sessions=tuple(sessions),
        events=tuple(events),
        send_lateness=DurationSummary(n=90_000, p50_ms=0.08, p99_ms=0.31, p999_ms=0.62, max_ms=1.4),
        loop_lag=DurationSummary(n=9_000, p50_ms=0.05, p99_ms=0.28, p999_ms=0.5, max_ms=1.1),
    )


@pytest.fixture(scope="session")
def make_run() -> MakeRun:
    """Return the maker of runs."""
    return _run


@pytest.fixture(scope="session")
def summary_of() -> SummaryOf:
    """Return what makes a run's summary, with the price list of the package."""
    prices = bundled_prices()
    return lambda run: summarise(run, prices)


@pytest.fixture(scope="session")
def make_text_run() -> MakeRun:
    """Return the maker of runs in text: their first text comes when audio would be heard."""

    def in_text(turn: TurnRecord) -> TurnRecord:
        at = turn.at
        told = TurnInstants(
            speech_onset_ns=at.speech_onset_ns,
            speech_end_ns=at.speech_end_ns,
            commit_sent_ns=at.speech_end_ns,
            first_text_ns=at.first_audible_ns,
            last_text_ns=at.last_audio_ns,
        )
        return replace(turn, at=told, in_text=True)

    def make(**more: Any) -> Run:
        run = _run(**more)
        return replace(run, turns=tuple(in_text(turn) for turn in run.turns))

    return make
