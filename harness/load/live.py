"""What a person sees while a run goes on. Nothing here is kept: published numbers come later."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from harness.analysis import BY_NAME, has_failed, headline_of, heard_ms, session_latency
from harness.clock import now_ns
from harness.model import NS_PER_S, RunEvent, RunEventKind, SessionRecord, TurnRecord

if TYPE_CHECKING:
    from locust.env import Environment

_SETUP = BY_NAME["session_setup"]


class TurnFailed(Exception):
    """A turn or a session that failed, as Locust's failure table shows it."""


class Steps:
    """Progress of preparing, one line a step on stderr; bytes only every few seconds."""

    def __init__(self) -> None:
        self._told_ns = now_ns()

    def step(self, what: str, unit: str = "bytes") -> None:
        """Print the step that begins."""
        print(what, file=sys.stderr, flush=True)

    def advance(self, done: int, total: int | None) -> None:
        """Print how far the step is, seldom."""
        if now_ns() - self._told_ns > 2 * NS_PER_S:
            self._told_ns = now_ns()
            share = "" if not total else f" of {total}"
            print(f"  {done}{share}", file=sys.stderr, flush=True)


def print_events(events: Sequence[RunEvent]) -> None:
    """Print what ends the run early, one line each."""
    for event in events:
        if event.kind is RunEventKind.TOXIPROXY_LOST:
            words = f"harness: Toxiproxy was lost, which ends the run: {event.detail}"
            print(words, file=sys.stderr, flush=True)


class LocustTable:
    """Feeds Locust's own table, charts and failure list."""

    def __init__(self, environment: "Environment") -> None:
        self._fire: Callable[..., None] = environment.events.request.fire

    def show(self, turns: Sequence[TurnRecord], session: SessionRecord | None) -> None:
        """Show turns, and a session's set-up."""
        for turn in turns:
            # A turn that went well may still carry a fault, such as a late response.
            fault = turn.fault if has_failed(turn) else None
            name = f"{headline_of([turn]).title.lower()}, {turn.network}"
            self._row("turn", name, heard_ms(turn), fault)
        if session is None:
            return
        setup = session_latency(_SETUP, session)
        setup_ms = None if setup is None else setup.ms
        self._row("session", f"set-up, {session.network}", setup_ms, session.fault)

    def _row(self, kind: str, name: str, latency_ms: float | None, fault: object) -> None:
        self._fire(
            request_type=kind,
            name=name,
            response_time=latency_ms,
            response_length=0,
            exception=None if fault is None else TurnFailed(str(fault)),
            context={},
        )
