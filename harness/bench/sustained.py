"""The number of sessions that the search found, held once more and longer; then the engine alone.

A search measures for seconds at a time. What is reported has held for as long as was asked; where
the found number does not, a lower one is tried. What Locust adds shows beside the engine alone, at
the same number and for as long.
"""

from collections.abc import Callable
from dataclasses import dataclass

from harness.bench.client_trials import ClientTrials, Sample, failures

_TRIES, _STEP = 5, 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sustained:
    """What was held for long.

    Attributes:
        sessions: The number; `None` where none of those that were tried held.
        sample: The trial of it under Locust; of those that failed, the last.
        alone: The same number in the engine alone.
        failed: The numbers that did not hold, with the reason.
    """

    sessions: int | None
    sample: Sample
    alone: Sample
    failed: tuple[str, ...]


def sustain(
    client: ClientTrials,
    engine: ClientTrials,
    number: int,
    seconds: float,
    report: Callable[[str], None],
) -> Sustained:
    """Hold `number` sessions for `seconds`, or fewer where those do not hold.

    Args:
        client: The run under Locust.
        engine: The engine alone.
        number: What the search found.
        seconds: How long.
        report: Receives the progress.
    """
    failed: list[str] = []
    while True:
        report(f"{client.name} with {number} sessions for {seconds:g} s")
        sample = client.sample(number, seconds)
        report(client.told[-1])
        reasons = failures(sample)
        if not reasons:
            break
        failed.append(f"{number} sessions for {seconds:g} s: {', '.join(reasons)}")
        if len(failed) == _TRIES or number <= 1:
            break
        number = max(1, int(_STEP * number))
    report(f"{engine.name} with {number} sessions for {seconds:g} s")
    alone = engine.sample(number, seconds)
    return Sustained(
        sessions=None if reasons else number, sample=sample, alone=alone, failed=tuple(failed)
    )
