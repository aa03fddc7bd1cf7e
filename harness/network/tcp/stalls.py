"""From delivery times to settings of one Toxiproxy latency toxic, the stall toxic.

The toxic comes after the base latency and passes everything on as long as its latency is 0.
A group of messages that is delivered at one instant is held by a latency that will not run out,
set shortly before the first of them comes, and let go by setting 0: head and queue leave at once,
which is what head-of-line blocking looks like. A message that is late alone gets its lateness as
the latency itself, unless one that is to stay waits behind it: then it is a group of one, since its
leaving by itself and the change for the next would fall on one moment, and a change that comes
second lets the next go.

Two properties of Toxiproxy matter. Changing a latency lets the one message go that is being slept
on, and applies the new value to the next; so as many changes as a group has messages release just
that group when others behind it have to stay. And a message that waited in the base toxic's queue
counts that wait as served already, which is the base latency less the cadence; the latency of a
late message makes up for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

THETA_MS = 8.0

_GUARD_MS = 8.0
_TOGETHER_MS = 1.0
# Changes are carried out a little late, and messages come a little late to the toxic; this far
# apart they keep their order.
_APART_MS = 3.0
_ALIKE_MS = 4.0
_AFTER_MS = 0.5
_BEFORE_MS = 0.7
_SPARE_MS = 2000
# In cadences: more than changes are late, and less than it takes the next message to come.
_RUNS_OUT = 0.7


@dataclass(frozen=True, slots=True)
class Setting:
    """From `at_ms` on the stall toxic has this latency."""

    at_ms: float
    latency_ms: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Messages `first` to `last` and how they are delivered.

    `latency_ms` is 0 when they are not held, their own lateness when each is late by it, and
    more than any of them waits (`held`) when they are let go together.
    """

    first: int
    last: int
    latency_ms: int
    held: bool = False


def compile_stalls(
    arrives_ms: Sequence[float],
    delivered_ms: Sequence[float],
    *,
    credit_ms: Sequence[float],
    cadence_ms: float,
    theta_ms: float = THETA_MS,
) -> list[Setting]:
    """Compile delivery times into settings of the stall toxic.

    Args:
        arrives_ms: When each message would come out of the base toxic, ascending.
        delivered_ms: When it is to be delivered, ascending.
        credit_ms: Wait of each message that Toxiproxy counts as served: base latency less cadence,
            at least 0.
        cadence_ms: Time between messages.
        theta_ms: Lateness below which no change is made.

    Returns:
        Settings in order of time, from a toxic that is at 0.
    """
    guard_ms = min(_GUARD_MS, 0.4 * cadence_ms)
    found: list[Setting] = []
    groups = _groups(arrives_ms, delivered_ms, theta_ms, credit_ms)
    now = _Group(0, -1, 0)
    for group in _safe(groups, arrives_ms, delivered_ms, credit_ms, _RUNS_OUT * cadence_ms):
        comes_ms = arrives_ms[group.first]
        left_ms = delivered_ms[now.last] if now.last >= 0 else comes_ms - cadence_ms
        if now.held:
            waiting = comes_ms <= left_ms + _APART_MS and group.latency_ms > 0
            if waiting:
                size = now.last - now.first + 1
                found += [Setting(left_ms, now.latency_ms)] * (size - 1)
                found.append(Setting(left_ms, group.latency_ms))
            else:
                found.append(Setting(left_ms, 0))
                if group.latency_ms:
                    at_ms = max(left_ms + _AFTER_MS, comes_ms - guard_ms)
                    found.append(Setting(at_ms, group.latency_ms))
        elif group.latency_ms != now.latency_ms:
            late = left_ms >= comes_ms - _TOGETHER_MS
            at_ms = left_ms - _BEFORE_MS if late else max(left_ms + _AFTER_MS, comes_ms - guard_ms)
            found.append(Setting(at_ms, group.latency_ms))
        now = group
    if now.held:
        found.append(Setting(delivered_ms[now.last], 0))
    elif now.latency_ms:
        found.append(Setting(delivered_ms[now.last] + _AFTER_MS, 0))
    return found


def _groups(
    arrives_ms: Sequence[float],
    delivered_ms: Sequence[float],
    theta_ms: float,
    credit_ms: Sequence[float],
) -> list[_Group]:
    count = len(arrives_ms)
    late_ms = [done - came for came, done in zip(arrives_ms, delivered_ms, strict=True)]
    groups: list[_Group] = []
    first = 0
    while first < count:
        last = first
        if late_ms[first] <= theta_ms:
            while last + 1 < count and late_ms[last + 1] <= theta_ms:
                last += 1
            groups.append(_Group(first, last, 0))
        elif last + 1 < count and _with_it(first, last + 1, arrives_ms, delivered_ms):
            while last + 1 < count and _with_it(first, last + 1, arrives_ms, delivered_ms):
                last += 1
            groups.append(_Group(first, last, round(late_ms[first]) + _SPARE_MS, held=True))
        else:
            while (
                last + 1 < count
                and late_ms[last + 1] > theta_ms
                and abs(late_ms[last + 1] - late_ms[first]) <= _ALIKE_MS
                and not (
                    last + 2 < count and _with_it(last + 1, last + 2, arrives_ms, delivered_ms)
                )
            ):
                last += 1
            mean_ms = sum(late_ms[first : last + 1]) / (last + 1 - first)
            groups.append(_Group(first, last, round(mean_ms + credit_ms[first])))
        first = last + 1
    return groups


def _safe(
    groups: Sequence[_Group],
    arrives_ms: Sequence[float],
    delivered_ms: Sequence[float],
    credit_ms: Sequence[float],
    spare_ms: float,
) -> Iterator[_Group]:
    """Yield the groups so that letting one go lets none behind it go that is to stay.

    Where others are close behind, late messages become groups of one. What holds them runs out
    `spare_ms` after it should have been changed: a change that comes while the toxic is still busy
    with the one before has no effect, and is to delay one message, not all that come after.
    """
    for group, after in zip_longest(groups, groups[1:]):
        first, last = group.first, group.last
        crowded = (
            group.latency_ms > 0
            and after is not None
            and after.latency_ms > 0
            and arrives_ms[after.first] <= delivered_ms[last] + _APART_MS
        )
        if not crowded:
            yield group
            continue
        begin = first if group.held else last
        while begin > first and arrives_ms[begin] <= delivered_ms[begin - 1] + _APART_MS:
            begin -= 1
        if begin > first:
            yield replace(group, last=begin - 1)
        for number in (first,) if group.held else range(begin, last + 1):
            late_ms = delivered_ms[number] - arrives_ms[number] + credit_ms[number]
            latency_ms = round(late_ms + spare_ms)
            yield _Group(number, last if group.held else number, latency_ms, held=True)


def _with_it(
    first: int, other: int, arrives_ms: Sequence[float], delivered_ms: Sequence[float]
) -> bool:
    """Return whether `other` is released together with `first`, having waited itself."""
    together = delivered_ms[other] - delivered_ms[first] < _TOGETHER_MS
    return together and arrives_ms[other] < delivered_ms[other] - _APART_MS
