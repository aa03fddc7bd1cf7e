"""What a run has cost so far, added up from batch to batch."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.analysis import Cost, PriceList, cost
from harness.model import (
    NS_PER_S,
    Run,
    RunManifest,
    SessionRecord,
    TurnRecord,
)

# The rate is that of the last five minutes.
_RATE_SAMPLES, _SAMPLE_EVERY_NS = 60, 5 * NS_PER_S
_S_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What is known of the cost of a run that goes on.

    Attributes:
        currency: Three letters.
        basis: `usage` where the provider reported tokens, else `estimate`, which is a floor.
        total: Of everything that has a cost; `None` when nothing has one, and `why` says so.
        per_hour: At the rate of the last minutes; `None` before the first five seconds.
        partial: Some responses have no cost, so there is more to pay.
        why: Why something is missing.
    """

    currency: str
    basis: str
    total: float | None
    per_hour: float | None
    partial: bool
    why: str


class Spending:
    """Prices batches as the report prices a whole run.

    Args:
        manifest: What was asked for, the model among it.
        prices: The list to use.
    """

    def __init__(self, manifest: RunManifest, prices: PriceList) -> None:
        self._manifest, self._prices = manifest, prices
        self._told = self._estimated = 0.0
        self._any_told = self._any_estimated = self._partial = False
        self._why = ""
        # A session for each model that a server named: open sessions have the model of the rest.
        self._named: dict[tuple[str, str], SessionRecord] = {}
        self._samples: deque[tuple[int, float]] = deque([(0, 0.0)], maxlen=_RATE_SAMPLES)

    def take(
        self, turns: Sequence[TurnRecord], sessions: Sequence[SessionRecord], at_ns: int
    ) -> None:
        """Price turns and sessions that ended.

        Args:
            turns: Turns that ended.
            sessions: Sessions that ended.
            at_ns: Now, since run start.
        """
        # Turns of a session came with batches before it: that they are not here means nothing.
        sessions = [replace(session, turns_done=0) for session in sessions]
        for session in sessions:
            known = [key for key in self._named if key[0] == session.user_class]
            key = session.user_class, session.model
            if session.model and key not in known and len(known) < 2:
                self._named[key] = replace(session, usage=None, responses_untold=0)
        if turns or sessions:
            given = {session.session_id for session in sessions}
            others = [one for one in self._named.values() if one.session_id not in given]
            found = cost(self._run(turns, [*sessions, *others]), self._prices)
            self._add(found, answered=any(turn.at.first_audio_ns is not None for turn in turns))
        if at_ns - self._samples[-1][0] >= _SAMPLE_EVERY_NS:
            self._samples.append((at_ns, self._total() or 0.0))

    def so_far(self) -> Spent:
        """Return what is known now."""
        (then_ns, then), (now_ns, now) = self._samples[0], self._samples[-1]
        hours = (now_ns - then_ns) / NS_PER_S / _S_PER_HOUR
        total = self._total()
        return Spent(
            currency=self._prices.currency,
            basis="usage" if self._any_told else "estimate",
            total=total,
            per_hour=(now - then) / hours if hours > 0 and total is not None else None,
            # Where tokens are reported, a response without any has no cost.
            partial=self._partial or (self._any_told and self._any_estimated),
            why=self._why if total is None or self._partial else "",
        )

    def _add(self, found: Cost, *, answered: bool) -> None:
        """Add the cost of one batch; `answered` where a turn of it had a response to pay for."""
        if found.total is None:
            self._why = found.why
            # Where time is billed, turns come before the session that pays for them.
            self._partial |= answered and found.basis != "time"
        elif found.basis != "estimate":
            self._any_told = True
            self._told += found.total
        else:
            self._any_estimated |= answered
            self._estimated += found.total
        if found.partial:
            self._partial = True
            self._why = found.why or found.note

    def _total(self) -> float | None:
        if self._any_told:
            return self._told
        return self._estimated or None

    def _run(self, turns: Sequence[TurnRecord], sessions: Sequence[SessionRecord]) -> Run:
        return Run(
            manifest=self._manifest,
            turns=tuple(turns),
            sessions=tuple(sessions),
            events=(),
            send_lateness=None,
            loop_lag=None,
        )
