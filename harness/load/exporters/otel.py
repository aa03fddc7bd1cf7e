"""Spans and metrics of a run by OpenTelemetry, with the exporters that `--otel` sets up.

Locust's `--otel` makes the providers from the `OTEL_*` variables; here only spans and values. A
call is a span that begins before its connection does, so that its `traceparent` goes out with the
upgrade and the agent's own spans hang under it; its turns are spans below it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

# Without the SDK there would only be providers that discard everything.
import opentelemetry.sdk  # noqa: F401
from opentelemetry import metrics, propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from harness.analysis import BY_NAME, has_failed, session_latency, turn_latency
from harness.clock import now_ns, wall_time
from harness.errors import Fault, redacted
from harness.load.exporters.observations import (
    BUCKETS_S,
    OF_SESSIONS,
    OF_TURNS,
    Strata,
    outcome,
    session_seconds,
    turn_seconds,
)
from harness.model import NS_PER_S, CallPlan, SessionRecord, TurnRecord
from harness.recording import Batch

_NAME = "harness"
_EVENTS = (
    ("speech_end_ns", "speech end"),
    ("server_endpoint_ns", "endpoint"),
    ("first_audio_ns", "first audio"),
    ("first_audible_ns", "first audible"),
    ("first_text_ns", "first text"),
    ("last_text_ns", "last text"),
    ("tool_call_ns", "tool call"),
    ("barge_in_onset_ns", "barge-in"),
    ("audio_stopped_ns", "audio stopped"),
)
_STARTS = ("speech_onset_ns", "speech_end_ns")
_ENDS = (
    *("playout_end_ns", "last_audio_ns", "first_audible_ns"),
    *("last_text_ns", "first_text_ns", "speech_end_ns"),
)


class CallTracer:
    """Spans of the calls that this process holds.

    Args:
        origin_ns: Run start on this process's monotonic clock.
        provider: Makes tracers; `None` for the one that was set up for the process.
    """

    def __init__(self, origin_ns: int, provider: Any = None) -> None:
        self._tracer = trace.get_tracer(_NAME, tracer_provider=provider)
        self._provider = provider or trace.get_tracer_provider()
        since_start_ns = now_ns() - origin_ns
        self._wall_ns = round(wall_time().timestamp() * NS_PER_S) - since_start_ns
        self._origin_ns = origin_ns
        self._open: dict[str, Span] = {}

    def begin(self, session_id: str, plan: CallPlan) -> tuple[tuple[str, str], ...]:
        """Begin the span of a call.

        Args:
            session_id: Our name for its session.
            plan: The call.

        Returns:
            Headers for its upgrade request that say which trace it is in.
        """
        span = self._tracer.start_span(
            "call",
            kind=SpanKind.CLIENT,
            start_time=self._wall(now_ns() - self._origin_ns),
            attributes={
                "harness.session": session_id,
                "harness.network": plan.network,
                "harness.user_class": plan.user_class,
            },
        )
        if not plan.open_ended:
            span.set_attribute("harness.turns_planned", len(plan.utterance_ids))
        self._open[session_id] = span
        headers: dict[str, str] = {}
        propagate.inject(headers, trace.set_span_in_context(span))
        return tuple(headers.items())

    def take(self, turns: Sequence[TurnRecord], session: SessionRecord | None) -> None:
        """Export turns that ended, and a session."""
        for turn in turns:
            call = self._open.get(turn.session_id)
            if call is not None:
                self._tell_turn(turn, call)
        span = None if session is None else self._open.pop(session.session_id, None)
        if session is not None and span is not None:
            self._end_call(session, span)

    def close(self) -> None:
        """End what is still open, and send everything."""
        for span in self._open.values():
            span.set_status(Status(StatusCode.ERROR, "the run ended before its record came"))
            span.end()
        self._open.clear()
        flush(self._provider)

    def _tell_turn(self, turn: TurnRecord, call: Span) -> None:
        start_ns, end_ns = _first(turn, _STARTS), _first(turn, _ENDS)
        if start_ns is None or end_ns is None:
            call.add_event("turn without speech", {"harness.status": turn.status.value})
            return
        attributes: dict[str, str | int | float | bool] = {
            "harness.turn": turn.turn_index,
            "harness.kind": turn.kind.value,
            "harness.status": turn.status.value,
        }
        for name in OF_TURNS:
            if (latency := turn_latency(BY_NAME[name], turn)) is not None:
                attributes[f"harness.{name}_ms"] = latency.ms
                attributes[f"harness.{name}_censored"] = latency.censored
        span = self._tracer.start_span(
            "turn",
            context=trace.set_span_in_context(call),
            start_time=self._wall(start_ns),
            attributes=attributes,
        )
        for field, name in _EVENTS:
            if (at_ns := getattr(turn.at, field)) is not None:
                span.add_event(name, timestamp=self._wall(at_ns))
        if has_failed(turn) and turn.fault is not None:
            span.set_status(_error(turn.fault))
        span.end(self._wall(max(start_ns, end_ns)))

    def _end_call(self, session: SessionRecord, span: Span) -> None:
        span.set_attribute("harness.turns_done", session.turns_done)
        if session.provider_session_id:
            # How the agent's own log calls it.
            span.set_attribute("harness.provider_session", redacted(session.provider_session_id))
        for name in OF_SESSIONS:
            if (latency := session_latency(BY_NAME[name], session)) is not None:
                span.set_attribute(f"harness.{name}_ms", latency.ms)
        if session.ready_ns is not None:
            span.add_event("session ready", timestamp=self._wall(session.ready_ns))
        if session.fault is not None:
            span.set_status(_error(session.fault))
        closed_ns = session.closed_ns
        span.end(None if closed_ns is None else self._wall(closed_ns))

    def _wall(self, at_ns: int) -> int:
        """Return wall time in nanoseconds of an instant since run start."""
        return self._wall_ns + at_ns


class MeteredRecords:
    """Metrics from the records that reach the process which writes the run.

    Args:
        open_calls: Returns how many calls are open now.
        provider: Makes meters; `None` for the one that was set up for the process.
    """

    def __init__(self, open_calls: Callable[[], int], provider: Any = None) -> None:
        meter = metrics.get_meter(_NAME, meter_provider=provider)
        self._provider = provider or metrics.get_meter_provider()
        self._strata = Strata()
        self._latencies = {
            name: meter.create_histogram(
                f"harness.{name}",
                unit="s",
                description=BY_NAME[name].definition,
                explicit_bucket_boundaries_advisory=BUCKETS_S,
            )
            for name in (*OF_TURNS, *OF_SESSIONS)
        }
        self._turns = meter.create_counter("harness.turns", description="Turns that ended")
        self._failed = meter.create_counter("harness.turns.failed", description="by party")
        self._sessions = meter.create_counter("harness.sessions", description="Sessions that ended")

        self._checks = meter.create_counter("harness.checks", description="of calls, by outcome")

        def observe(_: object) -> Iterator[metrics.Observation]:
            yield metrics.Observation(open_calls())

        meter.create_observable_gauge(
            "harness.calls.open", [observe], description="Calls that are open"
        )

    def take(self, batch: Batch) -> None:
        """Count what happened since the last time."""
        for turn in batch.turns:
            stratum = self._stratum(turn)
            self._turns.add(1, {**stratum, "harness.status": turn.status.value})
            if has_failed(turn) and turn.fault is not None:
                self._failed.add(1, {**stratum, "harness.party": turn.fault.party.value})
            for name, seconds in turn_seconds(turn):
                self._latencies[name].record(seconds, stratum)
        for session in batch.sessions:
            stratum = self._stratum(session)
            party = "none" if session.fault is None else session.fault.party.value
            self._sessions.add(1, {**stratum, "harness.party": party})
            for check in session.checks:
                self._checks.add(1, {**stratum, "harness.outcome": outcome(check)})
            for name, seconds in session_seconds(session):
                self._latencies[name].record(seconds, stratum)

    def close(self) -> None:
        """Send everything."""
        flush(self._provider)

    def _stratum(self, record: TurnRecord | SessionRecord) -> dict[str, str]:
        network, user_class = self._strata.of(record)
        return {"harness.network": network, "harness.user_class": user_class}


def flush(provider: Any) -> None:
    """Have a provider send what it holds; one that sends nothing has no such method."""
    force = getattr(provider, "force_flush", None)
    if force is not None:
        force()


def _first(turn: TurnRecord, names: Sequence[str]) -> int | None:
    instants: list[int | None] = [getattr(turn.at, name) for name in names]
    return next((instant for instant in instants if instant is not None), None)


def _error(fault: Fault) -> Status:
    """Return what failed without the server's own words, which may hold anything."""
    return Status(StatusCode.ERROR, f"{fault.party.value}, {fault.phase.value}")
