"""The sections of the page that say what happened to the turns, and under which conditions."""

from harness.analysis import fault_counts
from harness.errors import sanitised
from harness.model import Run, Summary, TurnStatus
from harness.report.blocks import Facts, Section, Table, Text
from harness.report.formatting import MISSING, counted, number

_FAULTS_SHOWN = 30
_STATUSES = {
    TurnStatus.COMPLETED: "the response was heard",
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
    return Section(id="corpus", title="Corpus", says=says, parts=(Facts(pairs=pairs),))


def errors(run: Run, summary: Summary) -> Section:
    """Return how turns ended and, where they went wrong, whose fault it was."""
    statuses = summary.load.status
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
    faults = fault_counts(run)
    says = ("Whose fault it was, in which phase, and the first words that came with it.",)
    if not statuses and not faults:
        text = Text(text="No turn was recorded.")
        return Section(id="errors", title="What went wrong", says=says, parts=(text,))
    if not faults:
        text = Text(text="No turn and no session went wrong.")
        return Section(id="errors", title="What went wrong", says=says, parts=(ended, text))
    shown = faults[:_FAULTS_SHOWN]
    hidden = len(faults) - len(shown)
    table = Table(
        title="Faults",
        head=("Party", "Phase", "Code", "Of", "First words", "Count"),
        rows=tuple(
            (
                str(one.party),
                str(one.phase),
                sanitised(one.code),
                one.of,
                sanitised(one.words) or MISSING,
                number(one.count, 0),
            )
            for one in shown
        ),
        words=5,
        notes=(f"{counted(hidden, 'rarer kind')} not shown.",) if hidden else (),
    )
    return Section(id="errors", title="What went wrong", says=says, parts=(ended, table))
