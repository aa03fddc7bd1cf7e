"""The sections of the page that say what happened to the turns, and under which conditions."""

from collections.abc import Sequence

from harness.analysis import by_party_and_phase
from harness.errors import Phase, sanitised
from harness.model import Run, Summary, TurnStatus
from harness.model.breakdown_summary import FaultSummary
from harness.report.blocks import Cell, Facts, Section, Table, Text
from harness.report.formatting import MISSING, counted, number

_FAULTS_SHOWN = 30
_STATUSES = {
    TurnStatus.COMPLETED: "the response was heard, or came as text",
    TurnStatus.BROKEN_OFF: "heard, then ended as failed or incomplete: has a latency and failed",
    TurnStatus.PREMATURE: "the response began before the caller had ended; kept, negative",
    TurnStatus.TIMEOUT: "nothing to be heard within the limit; right-censored at the limit",
    TurnStatus.NO_REPLY: "nothing came within the limit; right-censored at the limit",
    TurnStatus.FAILED: "the provider said that the response failed",
    TurnStatus.CLOSED: "the session ended first",
    TurnStatus.DROPPED: "planned, but never started",
    TurnStatus.VOID: "spoiled by ourselves; counts against the run, not the API",
}


def corpus(run: Run) -> Section:
    """Return what was said to the API."""
    facts = run.manifest.corpus
    kind = "synthetic speech: no person said it" if facts.synthetic else "recorded speech"
    if facts.synthetic_part:
        kind = f"recorded speech, but for {sanitised(facts.synthetic_part)}: no person said that"
    pairs = (
        ("Corpus", sanitised(facts.name)),
        ("Kind", kind),
        ("Clips", number(facts.clips, 0)),
        ("Source", sanitised(facts.source)),
        ("Licence", sanitised(facts.licence)),
        ("End of speech from", sanitised(facts.end_source)),
        ("Its uncertainty", f"at most ± {facts.end_uncertainty_ms:g} ms"),
        ("Digest", sanitised(facts.digest)),
    )
    says = ("The labelled end of speech is the zero of every latency.",)
    if any(turn.in_text for turn in run.turns):
        says = (
            (
                "Utterances went out as their transcripts. The marks only say how long each took to"
                " be spoken: every latency counts from when its prompt was due."
            ),
        )
    return Section(id="corpus", title="Corpus", says=says, parts=(Facts(pairs=pairs),))


def errors(summary: Summary) -> Section:
    """Return how turns ended and, where they went wrong, whose fault it was."""
    statuses, faults = summary.load.status, summary.faults
    ended = Table(
        title="How turns ended",
        head=("Status", "Meaning", "Turns"),
        rows=tuple(
            (str(status), _STATUSES[status], number(statuses[status], 0))
            for status in TurnStatus
            if statuses.get(status)
        ),
        words=2,
    )
    if not statuses and not faults:
        parts: tuple[Table | Text, ...] = (Text(text="No turn was recorded."),)
    elif not faults:
        parts = (ended, Text(text="No turn and no session went wrong."))
    else:
        parts = (ended, _matrix(faults), _kinds(faults))
    says = ("Whose fault it was, in which phase, and the first words that came with it.",)
    return Section(id="errors", title="What went wrong", says=says, parts=parts)


def _matrix(faults: Sequence[FaultSummary]) -> Table:
    sums = by_party_and_phase(faults)
    phases = [phase for phase in Phase if any(phase in row for row in sums.values())]
    rows = tuple(
        (
            str(party),
            *(number(row[phase], 0) if phase in row else MISSING for phase in phases),
            number(sum(row.values()), 0),
        )
        for party, row in sums.items()
    )
    return Table(
        title="Faults by party and phase",
        head=("Party", *(str(phase).capitalize() for phase in phases), "Together"),
        rows=rows,
        notes=("Turns, sessions and greetings together; one may stand for another's cause.",),
    )


def _kinds(faults: Sequence[FaultSummary]) -> Table:
    shown = faults[:_FAULTS_SHOWN]
    hidden = len(faults) - len(shown)
    return Table(
        title="Faults",
        head=("Party", "Phase", "Code", "Of", "First words", "First and last, s", "Count"),
        rows=tuple(
            (
                str(one.party),
                str(one.phase),
                sanitised(one.code),
                one.of,
                sanitised(one.words) or MISSING,
                _when(one),
                number(one.count, 0),
            )
            for one in shown
        ),
        words=5,
        notes=(f"{counted(hidden, 'rarer kind')} not shown.",) if hidden else (),
    )


def _when(one: FaultSummary) -> Cell:
    if one.first_s is None or one.last_s is None:
        return MISSING
    first, last = number(one.first_s, 0), number(one.last_s, 0)
    return first if first == last else f"{first} to {last}"
