"""What came of a dialogue script's wishes, on the page and in the table."""

from collections.abc import Callable, Mapping

from harness.model.summary import Summary
from harness.report.blocks import Facts, Section
from harness.report.formatting import MISSING, counted, number
from harness.report.summary_view import measured, quantiles

_Counts = Mapping[str, int]
_BARGE_IN = {
    "stopped": "stopped the response",
    "ended_first": "came as it ended",
    "deaf": "not heard by the server",
    "missed": "due after the response had ended",
    "cut": "cut off",
}
_TOOLS = {
    "not_used": "not used in",
    "unexpected": "another one used in",
    "unanswered": "no answer heard in",
}


def section(summary: Summary) -> list[Section]:
    """Return the section of a scripted run; none where no script asked for anything."""
    pairs = tuple((label.capitalize(), text) for label, text in facts(summary))
    says = (
        "What callers did besides speaking and waiting, as their dialogue script asked.",
        (
            "An interruption ends with the last sample of the response that is heard; one that the"
            " server never heard is at least as long as the response went on."
        ),
    )
    told = Section(
        id="behaviour", title="What the script asked for", says=says, parts=(Facts(pairs=pairs),)
    )
    return [told] if pairs else []


def facts(summary: Summary) -> list[tuple[str, str]]:
    """Return what came of it, as label and sentence."""
    found = summary.behaviour
    lines = []
    for name, (label, words, metric) in _WORDS.items():
        if name in found:
            lines.append((label, words(found[name]) + _latency(summary, metric)))
    return lines


def _interruptions(found: _Counts) -> str:
    ends = [f"{number(found[end], 0)} {said}" for end, said in _BARGE_IN.items() if found[end]]
    return f"{counted(found['planned'], 'interruption')}: {', '.join(ends)}"


def _backchannels(found: _Counts) -> str:
    taken = number(found["taken_for_turns"], 0)
    return f"{counted(found['sent'], 'backchannel')}, {taken} taken for a turn"


def _pauses(found: _Counts) -> str:
    early = number(found["answered_within"], 0)
    return f"{counted(found['planned'], 'utterance')} with a pause, {early} answered too early"


def _tools(found: _Counts) -> str:
    words = [f"expected in {counted(found['expected'], 'turn')}"]
    words.append(f"used in {number(found['used'], 0)}")
    words += [f"{said} {number(found[name], 0)}" for name, said in _TOOLS.items() if found[name]]
    return ", ".join(words)


_WORDS: Mapping[str, tuple[str, Callable[[_Counts], str], str]] = {
    "barge_in": ("barge-in", _interruptions, "barge_in_stop"),
    "backchannels": ("backchannels", _backchannels, ""),
    "hesitations": ("hesitation", _pauses, ""),
    "tools": ("tools", _tools, "tool_gap"),
}


def _latency(summary: Summary, metric: str) -> str:
    """Write a metric's percentiles, those that its turns support; empty for no metric."""
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
