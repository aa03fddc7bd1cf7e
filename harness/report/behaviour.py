"""What came of what a scenario asked for and expected, on the page and in the table."""

from collections.abc import Sequence

from harness.model.behaviour_summary import (
    ApplicationSummary,
    BackchannelSummary,
    BargeInSummary,
    CheckSummary,
    HesitationSummary,
    ToolSummary,
)
from harness.model.summary import Summary
from harness.report.blocks import Facts, Section
from harness.report.formatting import MISSING, counted, number
from harness.report.summary_view import measured, quantiles

_MOST_CHECKS = 10


def section(summary: Summary) -> list[Section]:
    """Return the section of a scripted run; none where no script asked for anything."""
    pairs = tuple((label.capitalize(), text) for label, text in facts(summary))
    says = (
        "What callers did besides speaking and waiting, and what was expected of the agent.",
        (
            "An interruption ends with the last sample of the response that is heard; one that the"
            " server never heard is at least as long as the response went on."
        ),
    )
    told = Section(
        id="behaviour", title="What the scenario asked for", says=says, parts=(Facts(pairs=pairs),)
    )
    return [told] if pairs else []


def facts(summary: Summary) -> list[tuple[str, str]]:
    """Return what came of it, as label and sentence."""
    found, lines = summary.behaviour, list[tuple[str, str]]()
    if found is None:
        return lines
    if found.barge_in is not None:
        words = _interruptions(found.barge_in) + _latency(summary, "barge_in_stop")
        lines.append(("barge-in", words))
    if found.backchannels is not None:
        lines.append(("backchannels", _backchannels(found.backchannels)))
    if found.hesitations is not None:
        lines.append(("hesitation", _pauses(found.hesitations)))
    if found.tools is not None:
        lines.append(("tools", _tools(found.tools) + _latency(summary, "tool_gap")))
    if found.application is not None and (words := _application(found.application)):
        lines.append(("application", words))
    if found.checks:
        lines.append(("checks", _checks(found.checks)))
    return lines


def _interruptions(found: BargeInSummary) -> str:
    ends = (
        (found.stopped, "stopped the response"),
        (found.ended_first, "came as it ended"),
        (found.deaf, "not heard by the server"),
        (found.missed, "due after the response had ended"),
        (found.cut, "cut off"),
    )
    told = ", ".join(f"{number(count, 0)} {said}" for count, said in ends if count)
    return f"{counted(found.planned, 'interruption')}: {told}"


def _backchannels(found: BackchannelSummary) -> str:
    taken = number(found.taken_for_turns, 0)
    return f"{counted(found.sent, 'backchannel')}, {taken} taken for a turn"


def _pauses(found: HesitationSummary) -> str:
    early = number(found.answered_within, 0)
    return f"{counted(found.planned, 'utterance')} with a pause, {early} answered too early"


def _tools(found: ToolSummary) -> str:
    words = [f"expected in {counted(found.expected, 'turn')}", f"used in {number(found.used, 0)}"]
    others = (
        (found.not_used, "not used in"),
        (found.unexpected, "another one used in"),
        (found.unanswered, "no answer heard in"),
    )
    words += [f"{said} {number(count, 0)}" for count, said in others if count]
    ours = ((found.failed, "failed"), (found.timed_out, "timed out"))
    words += [f"{counted(count, 'call')} {said} as planned" for count, said in ours if count]
    return ", ".join(words)


def _application(found: ApplicationSummary) -> str:
    """Name what is wrong with an application behind a carrier; empty where nothing is."""
    faults = (
        (
            found.not_cleared,
            found.interruptions,
            "interruptions without a clear: the carrier played the response on",
        ),
        (
            found.resumed,
            found.interruptions,
            "interruptions with more of the response after its clear, while the caller spoke",
        ),
        (
            found.bursts_unmarked,
            found.bursts,
            "bursts of audio without a mark: it cannot know what was heard",
        ),
    )
    told = [f"{number(count, 0)} of {number(of, 0)} {said}" for count, of, said in faults if count]
    if found.frames_dropped:
        frames = counted(found.frames_dropped, "frame")
        told.append(f"{frames} of callers dropped, since its socket did not take them in time")
    return "; ".join(told)


def _checks(found: Sequence[CheckSummary]) -> str:
    """Write how many checks were made and failed, and which; latency knows nothing of them."""
    made, failed = (sum(getattr(check, name) for check in found) for name in ("made", "failed"))
    broken = [check for check in found if check.failed]
    told = [f"{check.what} ({number(check.failed, 0)} of {check.made})" for check in broken]
    if len(told) > _MOST_CHECKS:
        told[_MOST_CHECKS:] = [f"and {len(told) - _MOST_CHECKS} more"]
    words = f"{counted(made, 'check')}, {number(failed, 0)} failed"
    return f"{words}: {'; '.join(told)}" if told else words


def _latency(summary: Summary, metric: str) -> str:
    """Write a metric's percentiles, those that its turns support; empty where no turn has it."""
    n = measured(summary.metrics, metric)
    if not n:
        return ""
    told = []
    for name, found in quantiles(summary.metrics, metric).items():
        if found.value is not None:
            low, high = (MISSING if end is None else number(end) for end in (found.low, found.high))
            told.append(f"{name} {number(found.value)} ms [{low}, {high}]")
        elif found.low is not None:
            told.append(f"{name} ≥ {number(found.low)} ms")
    return f"; {metric} {', '.join(told) or MISSING} over {number(n, 0)}"
