"""Two or more targets that were held with the same turns: what each came to, and the verdicts.

A verdict is about voice to voice in the median of the same turns, and about these runs: the
interval is over calls, and cannot see how the targets differ from one day to the next.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.analysis.comparison.likeness import facts
from harness.analysis.failures import has_failed
from harness.analysis.metrics import BY_NAME
from harness.analysis.paired_turns import (
    HEADLINE,
    by_utterance,
    error_bound_ms,
    latency_difference,
    pair_turns,
)
from harness.errors import ExitCode
from harness.model import Run, Summary
from harness.model.against_document import (
    AGAINST_SCHEMA,
    AgainstDocument,
    LatencyDifference,
    TargetComparison,
    TargetFindings,
    Verdict,
)
from harness.model.validity_summary import ValidityState

# What targets may not differ in; the other facts of a run are what a target is.
_ALIKE = ("scenario", "corpus", "network", "host", "turn_limit")
_OTHERS = ("endpoint_delay", "response_delay", "leading_silence", "barge_in_stop", "tool_gap")
_MOST_LISTED = 2_000
# Beyond this many times the turns that there were, it is not worth saying.
_MOST_TIMES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTarget:
    """One target with its runs.

    Attributes:
        name: Unique among them.
        runs: One a round.
        folders: Where these are.
        whole: The summary of all of them as one run.
        folder: Where that is.
    """

    name: str
    runs: tuple[Run, ...]
    folders: tuple[str, ...]
    whole: Summary
    folder: str


def compare_targets(
    held: Sequence[HeldTarget],
    *,
    rounds_planned: int,
    transcripts: dict[str, str] | None = None,
    cut_short: str = "",
) -> AgainstDocument:
    """Compare every further target with the first.

    Args:
        held: At least two, with a run of each round.
        rounds_planned: How often each was to be held.
        transcripts: The words of utterances, by their ids, as far as they are known.
        cut_short: Why there are fewer rounds than planned; empty where there are not.
    """
    first, *others = held
    comparisons = tuple(_compare(one, first, transcripts or {}) for one in others)
    state, reasons = _validity(held, cut_short)
    manifest = first.runs[0].manifest
    return AgainstDocument(
        schema=AGAINST_SCHEMA,
        scenario=manifest.scenario,
        corpus=manifest.corpus,
        started_at=manifest.started_at,
        rounds_planned=rounds_planned,
        rounds=len(first.runs),
        state=state,
        reasons=reasons,
        exit_code=_exit_code(state, cut_short, comparisons),
        targets=tuple(_findings(one) for one in held),
        comparisons=comparisons,
    )


def _exit_code(
    state: ValidityState, cut_short: str, comparisons: Sequence[TargetComparison]
) -> int:
    if state is ValidityState.INVALID or cut_short:
        return ExitCode.INVALID
    is_open = any(one.verdict == "inconclusive" for one in comparisons)
    return ExitCode.INCONCLUSIVE if is_open else ExitCode.PASS


def _validity(held: Sequence[HeldTarget], cut_short: str) -> tuple[ValidityState, tuple[str, ...]]:
    """Return the worst state of all targets, and every reason with the target's name."""
    found = [(one.name, one.whole.validity) for one in held]
    reasons = [
        f"{name} is {validity.state}: {reason}"
        for state in (ValidityState.INVALID, ValidityState.DEGRADED)
        for name, validity in found
        if validity.state is state
        for reason in validity.reasons
    ]
    unlike = [words for other in held[1:] for words in _unlike(held[0], other)]
    rest = [*([cut_short] if cut_short else []), *unlike]
    states = {validity.state for _, validity in found}
    if ValidityState.INVALID in states:
        return ValidityState.INVALID, (*reasons, *rest)
    is_whole = states == {ValidityState.VALID} and not rest
    return ValidityState.VALID if is_whole else ValidityState.DEGRADED, (*reasons, *rest)


def _unlike(first: HeldTarget, other: HeldTarget) -> Iterator[str]:
    for mine, theirs in zip(facts(first.runs[0]), facts(other.runs[0]), strict=True):
        if mine.key in _ALIKE and mine.same != theirs.same:
            words = f"{mine.value} of {first.name}, {theirs.value} of {other.name}"
            yield f"the targets differ in {mine.key}: {words}"


def _findings(held: HeldTarget) -> TargetFindings:
    manifest, whole = held.runs[0].manifest, held.whole
    turns = [turn for run in held.runs for turn in run.turns]
    parties = Counter(
        str(turn.fault.party) for turn in turns if has_failed(turn) and turn.fault is not None
    )
    return TargetFindings(
        name=held.name,
        address=manifest.target,
        simulated=manifest.simulated,
        model=manifest.model,
        dialect=manifest.dialect,
        frame_ms=manifest.frame_ms,
        runs=held.folders,
        folder=held.folder,
        validity=whole.validity,
        turns=whole.load.turns,
        turns_planned=whole.load.turns_planned,
        status=whole.load.status,
        metrics=whole.metrics,
        stages=whole.stages or {},
        failure_rate=whole.failure_rate,
        failures_by_party=dict(parties),
        behaviour=whole.behaviour,
        understanding=next((one for one in whole.understanding if not one.by), None),
        cost=replace(whole.cost, detail=None),
    )


def _compare(
    target: HeldTarget, against: HeldTarget, transcripts: dict[str, str]
) -> TargetComparison:
    rounds = list(zip(target.runs, against.runs, strict=True))
    pairing = pair_turns(rounds)
    headline, bound_ms = latency_difference(HEADLINE, pairing.pairs), error_bound_ms(pairing.pairs)
    others = [latency_difference(BY_NAME[name], pairing.pairs) for name in _OTHERS]
    verdict, more_turns, why = _verdict(headline, bound_ms or 0.0)
    return TargetComparison(
        target=target.name,
        against=against.name,
        verdict=verdict,
        voice_to_voice=headline,
        error_bound_ms=bound_ms,
        more_turns=more_turns,
        others=tuple(one for one in others if one.n),
        rounds=tuple(
            latency_difference(HEADLINE, [one for one in pairing.pairs if one.call[0] == number])
            for number in range(len(rounds))
        ),
        each=by_utterance(pairing.pairs, transcripts)[:_MOST_LISTED],
        unpaired=pairing.unpaired,
        why=why,
    )


def _verdict(found: LatencyDifference, bound_ms: float) -> tuple[Verdict, int | None, str]:
    """Return the verdict, the further turns that would settle it, and why it is open."""
    value, low, high = found.value, found.low, found.high
    if high is not None and high < -bound_ms:
        return "faster", None, ""
    if low is not None and low > bound_ms:
        return "slower", None, ""
    if value is None or low is None or high is None:
        return "inconclusive", None, found.why
    beyond_ms = abs(value) - bound_ms
    if beyond_ms <= 0:
        why = f"the difference is no larger than what a turn may be wrong by, {bound_ms:g} ms"
        return "inconclusive", None, why
    # Widths fall with the root of the calls; it is the end towards zero that has to move.
    reach_ms = value - low if value > 0 else high - value
    times = (reach_ms / beyond_ms) ** 2
    if times > _MOST_TIMES:
        why = f"settling so small a difference takes more than {_MOST_TIMES} times as many turns"
        return "inconclusive", None, why
    zero = "the interval holds zero" if low <= 0 <= high else "the interval reaches near zero"
    return "inconclusive", max(1, math.ceil(found.n * (times - 1))), zero
