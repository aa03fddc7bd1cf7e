"""What a run's records say about the quantity of an objective."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.analysis.columns import TurnColumns
from harness.analysis.cost import Cost, cost
from harness.analysis.metrics import BY_NAME, Metric, begun_ns, sample
from harness.analysis.objectives.cross_check import BLOCK_S, cross_checked
from harness.analysis.objectives.measured import Measured, measure_percentile, measure_share
from harness.analysis.objectives.objective import DIALECT, Objective
from harness.analysis.objectives.quantities import (
    Attainment,
    Continuity,
    CostPerMinute,
    FailedChecks,
    FailureRate,
    Percentile,
)
from harness.analysis.prices import PriceList
from harness.analysis.quantiles import Sample
from harness.analysis.validity import Validity, assess_validity
from harness.errors import BadInput, Party, RunInvalid
from harness.model import Run, SessionRecord, ValidityState

# A turn that the API failed has no latency; of these it was asked for one all the same.
_OWED = ("first_audible_ns", "first_audio_ns", "first_text_ns", "last_text_ns")
# By which attributes sessions, too, can be chosen.
_OF_SESSIONS = ("network", "user_class")

Where = tuple[tuple[str, str], ...]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Hits:
    """What counts for a share, and which of it has the property.

    Attributes:
        flags: Shape (n,): which has it.
        sessions: Shape (n,): a number for the session of each.
        at_ns: Shape (n,): when each came about, since run start; NaN where that is not known.
        of: What they are, in the plural.
    """

    flags: Flags
    sessions: NDArray[np.int64]
    at_ns: Floats
    of: str


class Evidence(Protocol):
    """A run that can be asked about objectives."""

    run_id: str
    dialect: str
    caveats: tuple[str, ...]

    def measure(self, objective: Objective, confidence: float) -> Measured:
        """Measure what an objective is about.

        Raises:
            BadInput: The run has no such part, or cannot tell.
        """


class RunEvidence:
    """The evidence of a run's records.

    Args:
        run: The records.
        prices: The price list for the cost.

    Raises:
        BadInput: The run has no turn at all.
        RunInvalid: It may not be judged.
    """

    def __init__(self, run: Run, prices: PriceList) -> None:
        self.run = run
        self.run_id = run.manifest.run_id
        self.dialect = run.manifest.dialect
        if not run.turns:
            raise BadInput(
                "the run is empty: it has no turn",
                where=self.run_id,
                hint="Give the folder of a run in which callers spoke",
            )
        validity = assess_validity(run)
        refuse_invalid(self.run_id, validity)
        self.caveats = validity.reasons
        self.columns = TurnColumns(run.turns)
        self._prices = prices
        self._cost: Cost | None = None

    def measure(self, objective: Objective, confidence: float) -> Measured:
        """Measure what an objective is about, over its part of the turns."""
        quantity = objective.quantity
        if isinstance(quantity, Percentile):
            return self._percentile(quantity, objective.where, confidence)
        if isinstance(quantity, CostPerMinute):
            return self._per_minute(objective.where)
        hits = self.hits(quantity, objective.where)
        return measure_share(hits.flags, hits.sessions, confidence, hits.of)

    def _percentile(self, quantity: Percentile, where: Where, confidence: float) -> Measured:
        metric, p = BY_NAME[quantity.metric], quantity.percent / 100
        sample, blocks = self.sample(metric, where), None
        if not metric.of_session:
            blocks = self.columns.blocks(metric, self.chosen(where), BLOCK_S)
        found = measure_percentile(sample, p, confidence)
        return cross_checked(found, sample, blocks, p, confidence)

    def sample(self, metric: Metric, where: Where) -> Sample:
        """Return a latency's sample over a part of the turns.

        Raises:
            BadInput: The run has no such part, or the latency is one of sessions and the part is
                not.
        """
        chosen = self.chosen(where)
        if not metric.of_session:
            return self.columns.sample(metric, chosen)
        return self._session_sample(metric, where)[0]

    def _session_sample(self, metric: Metric, where: Where) -> tuple[Sample, Floats]:
        """Return the sample of a latency of sessions, and when each value of it began, in ns."""
        sessions = self._sessions(where, metric.name)
        found, at_ns = sample(metric, (), sessions), begun_ns(metric, sessions)
        kept = self.counts(at_ns)
        values, floor_ms = found.values_ms[kept], found.floor_ms
        return Sample(values, found.sessions[kept], floor_ms, found.of), at_ns[kept]

    def _sessions(self, where: Where, what: str) -> list[SessionRecord]:
        """Return the sessions of a part.

        Raises:
            BadInput: The part is one of turns; `what` is measured once a session.
        """
        parts = _of_turns(where)
        of_turns = [key for key, _ in parts if key not in _OF_SESSIONS]
        if of_turns:
            raise BadInput(
                f"{what} is measured once a session, which has no {of_turns[-1]}",
                where=self.run_id,
                hint="Leave that key out, or choose by network or user_class",
            )
        return [
            s for s in self.run.sessions if all(getattr(s, key) == value for key, value in parts)
        ]

    def hits(
        self, quantity: Attainment | FailureRate | Continuity | FailedChecks, where: Where
    ) -> Hits:
        """Return what counts for a share, and which of it has the property.

        Raises:
            BadInput: The run has no such part.
        """
        chosen = self.chosen(where)
        if isinstance(quantity, FailureRate):
            counted, failed = chosen & ~self.columns.ours, self.columns.failed
            if quantity.party is not None:
                failed = failed & self._through(quantity.party)
            return self._turn_hits(failed, counted)
        if isinstance(quantity, FailedChecks):
            return self._checks(quantity, where)
        if isinstance(quantity, Continuity):
            return self._unbroken(quantity, chosen)
        metric = BY_NAME[quantity.metric]
        if metric.of_session:
            return self._session_hits(metric, quantity.within_ms, where)
        values, censored = self.columns.latencies(metric)
        counted = chosen & ~np.isnan(values)
        if metric.awaited and metric.end in _OWED and not metric.given:
            owed = self.columns.in_text == metric.in_text
            counted |= chosen & owed & self.columns.failed & ~self.columns.ours
        within = (values <= quantity.within_ms) & ~censored
        return self._turn_hits(within, counted)

    def _session_hits(self, metric: Metric, within_ms: float, where: Where) -> Hits:
        """Return which sessions had a latency in time; one that the API never opened was not."""
        found, at_ns = self._session_sample(metric, where)
        refused = [
            session.open_start_ns
            for session in self._sessions(where, metric.name)
            if metric.end == "ready_ns"
            and session.ready_ns is None
            and session.fault is not None
            and session.fault.party is not Party.OURS
        ]
        refused_ns = np.array(refused, dtype=np.float64)
        refused_ns = refused_ns[self.counts(refused_ns)]
        others = len(self.run.sessions) + np.arange(len(refused_ns))
        return Hits(
            flags=np.append(found.values_ms <= within_ms, np.zeros(len(refused_ns), np.bool_)),
            sessions=np.append(found.sessions, others),
            at_ns=np.append(at_ns, refused_ns),
            of=found.of,
        )

    def _turn_hits(self, flags: Flags, counted: Flags, of: str = "turns") -> Hits:
        return Hits(
            flags=flags[counted],
            sessions=self.columns.sessions[counted],
            at_ns=self.turns_ns[counted],
            of=of,
        )

    @cached_property
    def turns_ns(self) -> Floats:
        """When each turn was spoken, else when it was due, else when its session was opened."""
        opened = {session.session_id: session.open_start_ns for session in self.run.sessions}
        of_session = [opened.get(turn.session_id) for turn in self.run.turns]
        found = self.columns.instant("speech_end_ns")
        for other in (self.columns.instant("scheduled_start_ns"), of_session):
            found = np.where(np.isnan(found), np.array(other, dtype=np.float64), found)
        return found

    def counts(self, at_ns: Floats) -> Flags:
        """Return whether what came about at these instants counts: here, all of a run does."""
        return np.ones(len(at_ns), dtype=np.bool_)

    def chosen(self, where: Where) -> Flags:
        """Return which turns belong to a part, of those that count.

        Raises:
            BadInput: The run has no such part.
        """
        chosen = self.counts(self.turns_ns)
        for key, value in where:
            if key == DIALECT:
                refuse_unknown(self.run_id, key, value, [self.dialect])
                continue
            known = self.columns.values(key)
            if key == "network":
                known += [profile.name for profile in self.run.manifest.networks]
            if key != "kind":
                refuse_unknown(self.run_id, key, value, known)
            chosen &= self.columns.having(key, value)
        return chosen

    def _checks(self, quantity: FailedChecks, where: Where) -> Hits:
        """Return which checks failed; one came about with the turn that it was made after."""
        self.chosen(where)
        found = [
            (number, session, check)
            for number, session in enumerate(self._sessions(where, str(quantity)))
            for check in session.checks
        ]
        if quantity.what is not None:
            known = sorted(
                {check.what for session in self.run.sessions for check in session.checks}
            )
            refuse_unknown(self.run_id, "check", quantity.what, known)
            found = [one for one in found if one[2].what == quantity.what]
        turns_ns: dict[tuple[str, int | None], float | None] = {
            (turn.session_id, turn.turn_index): at_ns
            for turn, at_ns in zip(self.run.turns, self.turns_ns, strict=True)
        }
        at_ns = np.array(
            [
                turns_ns.get((session.session_id, check.turn_index), session.open_start_ns)
                for _, session, check in found
            ],
            dtype=np.float64,
        )
        kept = self.counts(at_ns)
        sessions = np.array([number for number, _, _ in found], dtype=np.int64)
        failed = self._flags(not check.passed for _, _, check in found)
        return Hits(flags=failed[kept], sessions=sessions[kept], at_ns=at_ns[kept], of="checks")

    def _unbroken(self, quantity: Continuity, chosen: Flags) -> Hits:
        counts: list[int | None] = []
        for turn in self.run.turns:
            heard = turn.counts.underruns if turn.status.was_heard else ()
            counts.append(next((u.count for u in heard if u.buffer_ms == quantity.buffer_ms), None))
        known = chosen & self._flags(count is not None for count in counts)
        unbroken = self._flags(count == 0 for count in counts)
        return self._turn_hits(unbroken, known, "responses")

    def _per_minute(self, where: Where) -> Measured:
        if _of_turns(where):
            raise BadInput(
                "cost per minute is that of the whole run",
                where=self.run_id,
                hint=f"Leave out {_of_turns(where)[0][0]}",
            )
        self.chosen(where)
        if self._cost is None:
            self._cost = cost(self.run, self._prices)
        found = self._cost
        return per_minute(found.per_minute, found.turns, found.basis, found.partial, found.why)

    def _through(self, party: Party) -> Flags:
        return self._flags(t.fault is not None and t.fault.party is party for t in self.run.turns)

    @staticmethod
    def _flags(values: Iterable[bool]) -> Flags:
        return np.fromiter(values, dtype=np.bool_)


def per_minute(value: float | None, turns: int, basis: str, partial: bool, why: str) -> Measured:
    """Return the cost of a minute as measured: accounted for, not sampled, so without a spread.

    An estimate from the length of the speech, or a sum that lacks responses, is a floor.
    """
    if value is None:
        return Measured(value=None, n=turns, why=why or "the cost is not known")
    if basis != "estimate" and not partial:
        return Measured(value=value, low=value, high=value, n=turns)
    lacking = (
        "an estimate from the length of the speech" if basis == "estimate" else "not all of it"
    )
    return Measured(value=value, low=value, n=turns, why=f"{lacking}, so a floor")


def refuse_invalid(run_id: str, validity: Validity) -> None:
    """Refuse a run that may not be judged.

    Raises:
        RunInvalid: With every reason.
    """
    if validity.state is ValidityState.INVALID:
        raise RunInvalid(
            f"the run is INVALID: {'; '.join(validity.reasons)}",
            where=run_id,
            hint="No verdict can rest on it; remove the cause and run again",
        )


def refuse_unknown(run_id: str, key: str, value: str, known: Iterable[str]) -> None:
    """Refuse a part that a run does not have, with the nearest that it has.

    Raises:
        BadInput: `value` is not known.
    """
    names = list(dict.fromkeys(known))
    if value in names:
        return
    near = difflib.get_close_matches(value, names, 1)
    question = f"Did you mean {near[0]!r}? " if near else ""
    raise BadInput(
        f"no {key} {value!r} in run {run_id}",
        hint=f"{question}It had {', '.join(map(repr, names)) or 'no turn on any'}",
    )


def _of_turns(where: Where) -> list[tuple[str, str]]:
    return [(key, value) for key, value in where if key != DIALECT]
