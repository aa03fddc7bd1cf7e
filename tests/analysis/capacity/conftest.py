"""Steps of a search, made up from a share of turns that miss an objective."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from harness.analysis.capacity.step import ObjectiveShare, StepResult
from harness.model import NS_PER_S, Run, SessionRecord, TurnInstants, TurnRecord, TurnStatus

Build = Callable[..., StepResult]


def build_share(
    share: float, *, value_ms: float | None = None, allowed: float = 0.05, turns: int = 400
) -> ObjectiveShare:
    """Return an objective missed by this share of turns, spread evenly over sessions of ten."""
    missed = np.zeros(turns, dtype=np.bool_)
    count = round(share * turns)
    missed[(np.arange(count) * 7) % turns] = True
    return ObjectiveShare(
        subject="voice_to_voice P95 at most 1500 ms",
        allowed=allowed,
        missed=missed,
        sessions=np.arange(turns) // 10,
        blocks=np.arange(turns) % 6,
        value_ms=value_ms,
    )


@pytest.fixture
def build() -> Build:
    def make(load: int, share: float, *, unfit: str = "", seconds: float = 60.0, cost: float = 0.1,
             **more: float) -> StepResult:  # fmt: skip
        shares = () if unfit else (build_share(share, **more),)  # type: ignore[arg-type]
        return StepResult(
            load=load, run=f"run at {load}", seconds=seconds, shares=shares, unfit=unfit, cost=cost
        )

    return make


HeldRun = Callable[..., Run]


@pytest.fixture
def held_run(
    make_turn: Callable[..., TurnRecord],
    make_session: Callable[..., SessionRecord],
    make_run: Callable[..., Run],
) -> HeldRun:
    """Return a maker of runs: callers that open at once and speak every five seconds."""

    def make(
        callers: int = 8,
        seconds: int = 60,
        latency_ms: Callable[[float], float | None] = lambda at_s: 800.0,
        begin_s: float = 0.0,
        **more: Any,
    ) -> Run:
        turns, sessions = [], []
        for caller in range(callers):
            name = f"s{caller}"
            opened_ns = round(begin_s * NS_PER_S)
            sessions.append(make_session(name, call_number=caller, open_start_ns=opened_ns))
            for index, at_s in enumerate(range(2, seconds, 5)):
                latency = latency_ms(at_s)
                turn = make_turn(
                    latency,
                    session=name,
                    index=index,
                    status=TurnStatus.FAILED if latency is None else TurnStatus.COMPLETED,
                )
                shift_ns = round((begin_s + at_s + 0.1 * caller - 10) * NS_PER_S)
                turns.append(replace(turn, at=_shifted(turn.at, shift_ns)))
        return make_run(turns, sessions, **more)

    return make


def _shifted(at: TurnInstants, by_ns: int) -> TurnInstants:
    known = {one.name: getattr(at, one.name) for one in fields(at)}
    return TurnInstants(**{n: None if ns is None else ns + by_ns for n, ns in known.items()})
