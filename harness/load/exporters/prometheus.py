"""Metrics of a run for Prometheus, from the process that writes the run."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric

from harness.analysis import BY_NAME, has_failed
from harness.errors import BadInput
from harness.load.exporters.observations import (
    BUCKETS_S,
    OF_SESSIONS,
    OF_TURNS,
    Strata,
    outcome,
    session_seconds,
    turn_seconds,
)
from harness.load.monitoring.figures import LiveFigures
from harness.model import SessionRecord, TurnRecord, ValidityState
from harness.recording import Batch

_STRATUM = ("network", "user_class")
_MS_PER_S = 1_000
_QUANTILES = (("0.5", "p50_ms"), ("0.99", "p99_ms"), ("0.999", "p999_ms"), ("1", "max_ms"))


class PrometheusExporter:
    """Counts what a process's runs record, and serves it until the process ends.

    Args:
        address: Address and port to listen on.

    Raises:
        BadInput: Nothing can be served there.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self._registry = registry = CollectorRegistry()
        self._latencies = {
            name: Histogram(
                f"harness_{name}_seconds",
                f"{BY_NAME[name].title}: {BY_NAME[name].definition}",
                _STRATUM,
                buckets=BUCKETS_S,
                registry=registry,
            )
            for name in (*OF_TURNS, *OF_SESSIONS)
        }
        self._turns = Counter(
            "harness_turns", "Turns that ended", (*_STRATUM, "status"), registry=registry
        )
        self._failed = Counter(
            "harness_turns_failed", "Turns that failed", (*_STRATUM, "party"), registry=registry
        )
        self._sessions = Counter(
            "harness_sessions", "Sessions that ended", _STRATUM, registry=registry
        )
        self._sessions_failed = Counter(
            "harness_sessions_failed",
            "Sessions that ended early",
            (*_STRATUM, "party"),
            registry=registry,
        )
        self._checks = Counter(
            "harness_checks",
            "Checks that scenarios made of their calls",
            (*_STRATUM, "outcome"),
            registry=registry,
        )
        self._strata = Strata()
        self._state = _StateOfRun()
        collector: Any = self._state
        registry.register(collector)
        try:
            start_http_server(address[1], address[0], registry)
        except OSError as error:
            raise BadInput(
                f"cannot listen there: {error.strerror or error}",
                where=f"--prometheus {address[0]}:{address[1]}",
                hint="Give a free port",
            ) from error

    def follow(self, figures: LiveFigures) -> None:
        """Report the state of another run from now on; counters go on."""
        self._state.figures = figures

    def take(self, batch: Batch) -> None:
        """Count what happened since the last time."""
        for turn in batch.turns:
            self._count_turn(turn)
        for session in batch.sessions:
            self._count_session(session)

    def _count_turn(self, turn: TurnRecord) -> None:
        stratum = self._strata.of(turn)
        self._turns.labels(*stratum, turn.status.value).inc()
        if has_failed(turn) and turn.fault is not None:
            self._failed.labels(*stratum, turn.fault.party.value).inc()
        for name, seconds in turn_seconds(turn):
            self._latencies[name].labels(*stratum).observe(seconds)

    def _count_session(self, session: SessionRecord) -> None:
        stratum = self._strata.of(session)
        self._sessions.labels(*stratum).inc()
        if session.fault is not None:
            self._sessions_failed.labels(*stratum, session.fault.party.value).inc()
        for check in session.checks:
            self._checks.labels(*stratum, outcome(check)).inc()
        for name, seconds in session_seconds(session):
            self._latencies[name].labels(*stratum).observe(seconds)


class _StateOfRun:
    """Gauges of the run as a whole at the time of a scrape."""

    def __init__(self) -> None:
        self.figures: LiveFigures | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges whose values are known."""
        figures = self.figures
        if figures is None:
            return
        yield GaugeMetricFamily(
            "harness_open_calls", "Calls that are open", value=figures.open_calls
        )
        lateness = GaugeMetricFamily(
            "harness_frame_lateness_seconds",
            "How late our own audio frames left, over the run; 1 is the latest of all",
            labels=("quantile",),
        )
        if (late := figures.lateness()) is not None:
            for quantile, field in _QUANTILES:
                lateness.add_metric((quantile,), getattr(late, field) / _MS_PER_S)
        yield lateness
        validity = GaugeMetricFamily(
            "harness_validity", "1 for the state of the run so far", labels=("state",)
        )
        assessed = figures.validity()
        if assessed is not None:
            for known in ValidityState:
                validity.add_metric((known.value,), float(known is assessed.state))
        yield validity
        spent = figures.spent()
        money = GaugeMetricFamily("harness_cost", "Cost so far", labels=("currency", "basis"))
        if spent.total is not None:
            money.add_metric((spent.currency, spent.basis), spent.total)
        yield money
