"""The stages of a cascade, on the page and in the table."""

from harness.errors import sanitised
from harness.model import CascadeSummary
from harness.model.summary import PercentileSummary, Summary
from harness.report.blocks import Cell, Facts, Section, Table
from harness.report.formatting import MISSING, counted, number
from harness.report.summary_view import gaps, quantiles


def section(summary: Summary) -> list[Section]:
    """Return the section of the stages; none where no cascade's log stands beside the run."""
    if not summary.stages:
        return []
    stages = summary.stages
    found = {stage.title: quantiles(stages, name) for name, stage in stages.items()}
    table = Table(
        title="Stages of the cascade",
        head=("Stage", "n", "P50, ms", "P95, ms", "P99, ms"),
        rows=tuple(
            (
                sanitised(stage.title),
                number(stage.n, 0),
                *map(_cell, found[stage.title].values()),
            )
            for stage in stages.values()
        ),
        notes=tuple(f"{gap}." for gap in gaps(found)),
    )
    definitions = Facts(
        pairs=tuple((sanitised(s.title), sanitised(s.definition)) for s in stages.values())
    )
    says = (
        "By the cascade's own log, joined to the turns by session and response.",
        (
            "The stages of one turn add up to its voice to voice; percentiles of stages do not add"
            " up to percentiles of the whole. A turn that failed has the stages before the failure."
        ),
    )
    parts: tuple[Table | Facts, ...] = (table, definitions)
    if summary.cascade is not None:
        parts = (table, _did(summary.cascade), definitions)
    return [Section(id="cascade", title="Stages", says=says, parts=parts)]


def _did(found: CascadeSummary) -> Facts:
    """Return who did the stages, what was taken and what failed."""
    tokens = MISSING
    if found.tokens_in is not None and found.tokens_out is not None:
        tokens = f"{number(found.tokens_in, 0)} read, {number(found.tokens_out, 0)} written"
    if found.tokens_untold:
        tokens += f"; not counted by the LLM in {counted(found.tokens_untold, 'response')}"
    who = [(part.upper(), ", ".join(map(sanitised, names))) for part, names in _sorted(found)]
    failed = [
        (f"Failed, {counted(times, 'time')}", sanitised(words))
        for words, times in found.failures.items()
    ]
    return Facts(
        pairs=(
            *((sanitised(part), names) for part, names in who),
            ("Responses", f"{number(found.responses, 0)}, {number(found.cancelled, 0)} cut off"),
            *failed,
            ("Speech transcribed", f"{number(found.heard_s)} s"),
            ("Tokens", tokens),
            ("Characters spoken", number(found.characters, 0)),
        )
    )


def _sorted(found: CascadeSummary) -> list[tuple[str, tuple[str, ...]]]:
    """Return the providers in the order of the stages."""
    order = ("stt", "llm", "tts")
    return sorted(
        found.providers.items(), key=lambda it: order.index(it[0]) if it[0] in order else 9
    )


def facts(summary: Summary) -> list[tuple[str, str]]:
    """Return the stages in a sentence with its label; none where there is no log of them."""
    if not summary.stages:
        return []
    stages = list(summary.stages.values())
    most = max(stage.n for stage in stages)
    told = ", ".join(
        f"{sanitised(stage.title)} {_words(stage.p50)}/{_words(stage.p95)}"
        f"{'' if stage.n == most else f' ({number(stage.n, 0)})'}"
        for stage in stages
    )
    return [("stages", f"P50/P95 in ms of {counted(most, 'turn')}: {told}")]


def _words(found: PercentileSummary) -> str:
    return MISSING if found.value is None else number(found.value)


def _cell(found: PercentileSummary) -> Cell:
    if found.value is None:
        return MISSING
    if found.low is None:
        return number(found.value)
    high = "or more" if found.high is None else f"to {number(found.high)}"
    return number(found.value), f"{number(found.low)} {high}"
