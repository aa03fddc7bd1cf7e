"""Everything that the live page shows of one run, from its records as they arrive."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from harness.analysis import BY_NAME, Estimate, PriceList, Validity, has_failed, heard_ms
from harness.clock import now_ns
from harness.load.monitoring.latencies import LiveLatencies, Stratum
from harness.load.monitoring.recent_run import RecentRun
from harness.load.monitoring.spending import Spending, Spent
from harness.model import NS_PER_S, DurationSummary, RunManifest, TurnRecord
from harness.recording import Batch

Shown = dict[str, Any]

_POINTS = 1_500
_POINTS_S = 300.0
_REASONS = 8
_CODES = 200
# Percentiles take some milliseconds a stratum: at most a twentieth of the time goes into them.
_FRESH_NS, _REST = 1_500_000_000, 20


class LiveFigures:
    """Figures of one run that goes on.

    Args:
        manifest: What was asked for.
        prices: What tokens cost.
        open_calls: Returns how many calls are open now.
        pause: Yields to other greenlets; called every few milliseconds of estimating.
    """

    def __init__(
        self,
        manifest: RunManifest,
        prices: PriceList,
        open_calls: Callable[[], int],
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self._manifest, self._open_calls, self._pause = manifest, open_calls, pause
        self._latencies = LiveLatencies()
        self._recent = RecentRun(manifest)
        self._spending = Spending(manifest, prices)
        self._points: deque[tuple[float, float | None, str]] = deque(maxlen=_POINTS)
        self._statuses: Counter[str] = Counter()
        self._failed: Counter[tuple[str, str]] = Counter()
        self._checks: Counter[str] = Counter()
        self._checks_failed: Counter[str] = Counter()
        self._sessions = self._sessions_failed = self._refusals = self._reconnects = 0
        self._at_ns = 0
        self._ended = False
        self._made: Shown = {}
        self._making = False
        self._stale_ns = 0

    def take(self, batch: Batch) -> None:
        """Take what happened since the last time."""
        latest = [turn.at.speech_end_ns or 0 for turn in batch.turns]
        self._at_ns = max(self._at_ns, batch.end_ns, *latest, 0)
        self._latencies.add(batch.turns)
        self._recent.take(batch)
        self._spending.take(batch.turns, batch.sessions, self._at_ns)
        for turn in batch.turns:
            self._count(turn)
        self._count_checks(batch)
        for session in batch.sessions:
            self._sessions += 1
            self._sessions_failed += session.fault is not None
            self._refusals += session.refusals
            self._reconnects += session.reconnects

    @property
    def open_calls(self) -> int:
        """How many calls are open now."""
        return 0 if self._ended else self._open_calls()

    def lateness(self) -> DurationSummary | None:
        """Return how late our own frames left; `None` before the first."""
        return self._recent.send_lateness.summary()

    def validity(self) -> Validity | None:
        """Assess what the run has so far; `None` before its first turn, unless it has ended."""
        known = self._statuses or self._ended
        return self._recent.validity() if known else None

    def spent(self) -> Spent:
        """Return what the run has cost so far."""
        return self._spending.so_far()

    def end(self) -> None:
        """Take that the run has ended: nothing more comes."""
        self._ended = True
        self._stale_ns = 0

    def shown(self) -> Shown:
        """Return the figures as they are sent to the page, anew every few seconds at most."""
        began_ns = now_ns()
        fresh = began_ns < self._stale_ns or self._making
        if self._made and fresh:
            return self._made
        self._making = True
        try:
            made = self._make()
        finally:
            self._making = False
        self._made = made
        self._stale_ns = now_ns() + max(_FRESH_NS, _REST * (now_ns() - began_ns))
        return made

    def rows(self) -> list[Shown]:
        """Return the percentiles of the whole run, of networks, of user classes, and of both."""
        strata = self._latencies.strata()
        classes = list(dict.fromkeys(user_class for user_class, _ in strata))
        networks = list(dict.fromkeys(network for _, network in strata))
        groups: list[tuple[str, str, Sequence[Stratum]]] = [("", "", strata)]
        if len(networks) > 1:
            groups += [("", name, [s for s in strata if s[1] == name]) for name in networks]
        if len(classes) > 1:
            groups += [(name, "", [s for s in strata if s[0] == name]) for name in classes]
        if len(networks) > 1 and len(classes) > 1:
            groups += [(*stratum, [stratum]) for stratum in strata]
        return [
            {"user_class": user_class, "network": network, "metrics": self._metrics(group)}
            for user_class, network, group in groups
        ]

    def _metrics(self, strata: Sequence[Stratum]) -> Shown:
        found = {}
        for name in self._latencies.shown:
            self._pause()
            found[name] = {
                "title": BY_NAME[name].title,
                "n": self._latencies.n(name, strata),
                "percentiles": [_shown(e) for e in self._latencies.percentiles(name, strata)],
            }
        return found

    def _count(self, turn: TurnRecord) -> None:
        self._statuses[turn.status.value] += 1
        failed = has_failed(turn)
        if failed and turn.fault is not None:
            key = (turn.fault.party.value, turn.fault.code)
            known = key in self._failed or len(self._failed) < _CODES
            self._failed[key if known else (key[0], "other")] += 1
        if turn.at.speech_end_ns is not None:
            kind = "failed" if failed else "fine"
            self._points.append((turn.at.speech_end_ns / NS_PER_S, heard_ms(turn), kind))

    def _count_checks(self, batch: Batch) -> None:
        """Count what was expected of the agent, beside latency and never in it."""
        for session in batch.sessions:
            for check in session.checks:
                # A scenario may put what it heard into its words.
                known = check.what in self._checks or len(self._checks) < _CODES
                what = check.what if known else "others"
                self._checks[what] += 1
                self._checks_failed[what] += not check.passed

    def _make(self) -> Shown:
        lateness, validity, spent = self.lateness(), self.validity(), self.spent()
        oldest_s = self._at_ns / NS_PER_S - _POINTS_S
        return {
            "run": self._manifest.run_id,
            "scenario": self._manifest.scenario,
            "target": self._manifest.target,
            "model": self._manifest.model,
            "ended": self._ended,
            "elapsed_s": self._at_ns / NS_PER_S,
            "calls": {
                "open": self.open_calls,
                "ended": self._sessions,
                "planned": self._manifest.calls_planned,
                "failed": self._sessions_failed,
                "refusals": self._refusals,
                "reconnects": self._reconnects,
            },
            "turns": {"n": self._statuses.total(), "by_status": dict(self._statuses)},
            "failures": self._failures(),
            "checks": [
                {"what": what, "n": n, "failed": self._checks_failed[what]}
                for what, n in self._checks.most_common(_REASONS)
            ],
            "rows": self.rows(),
            "validity": None
            if validity is None
            else {
                "state": validity.state.value,
                "reasons": list(validity.reasons[:_REASONS]),
            },
            "lateness": None
            if lateness is None
            else {
                "p50_ms": lateness.p50_ms,
                "p99_ms": lateness.p99_ms,
                "p999_ms": lateness.p999_ms,
                "max_ms": lateness.max_ms,
                "frames": lateness.n,
            },
            "cost": {
                "currency": spent.currency,
                "basis": spent.basis,
                "total": spent.total,
                "per_hour": spent.per_hour,
                "partial": spent.partial,
                "why": spent.why,
                "simulated": self._manifest.simulated,
            },
            "points": [
                (round(at_s, 2), latency_ms, kind)
                for at_s, latency_ms, kind in self._points
                if at_s >= oldest_s
            ],
        }

    def _failures(self) -> list[Shown]:
        """Return how many turns failed through whom, and with which codes."""
        parties: dict[str, Counter[str]] = {}
        for (party, code), count in self._failed.items():
            parties.setdefault(party, Counter())[code] += count
        return [
            {"party": party, "n": codes.total(), "codes": dict(codes.most_common(_REASONS))}
            for party, codes in sorted(parties.items(), key=lambda item: -item[1].total())
        ]


def _shown(found: Estimate) -> Shown:
    return {"ms": found.value_ms, "low": found.low_ms, "high": found.high_ms, "why": found.why}
