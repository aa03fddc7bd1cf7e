"""The sections of the page that say what happened to the turns, and under which conditions."""

from collections import Counter

from harness.errors import printable
from harness.model import Direction, RealisedNetwork, Run, TurnStatus
from harness.report.blocks import Cell, Facts, Section, Table, Text
from harness.report.wording import MISSING, counted, number

_FAULTS_SHOWN = 30
_STATUSES = {
    TurnStatus.COMPLETED: "the reply was heard",
    TurnStatus.PREMATURE: "the reply began before the caller had ended; kept, negative",
    TurnStatus.TIMEOUT: "nothing to be heard within the limit; counts as at least the limit",
    TurnStatus.NO_REPLY: "nothing came within the limit; counts as at least the limit",
    TurnStatus.FAILED: "the provider said that the reply failed",
    TurnStatus.CLOSED: "the session ended first",
    TurnStatus.DROPPED: "an intended call that never started",
    TurnStatus.VOID: "spoiled by ourselves; counts against the run, not the API",
}


def corpus(run: Run) -> Section:
    """Return what was said to the API."""
    facts = run.manifest.corpus
    kind = "synthetic speech: nobody ever said it" if facts.synthetic else "recorded speech"
    pairs = (
        ("Corpus", printable(facts.name)),
        ("Kind", kind),
        ("Clips", number(facts.clips, 0)),
        ("Source", printable(facts.source)),
        ("Licence", printable(facts.licence)),
        ("End of speech from", printable(facts.end_source)),
        ("Its uncertainty", f"at most ± {facts.end_uncertainty_ms:g} ms"),
        ("Digest", printable(facts.digest)),
    )
    says = ("The labelled end of speech is the zero of every latency.",)
    return Section(id="corpus", title="Corpus", says=says, parts=(Facts(pairs=pairs),))


def errors(run: Run) -> Section:
    """Return how turns ended and, where they went wrong, whose fault it was."""
    statuses = Counter(turn.status for turn in run.turns)
    ended = Table(
        title="How turns ended",
        head=("Status", "Meaning", "Turns"),
        rows=tuple(
            (str(status), _STATUSES[status], number(statuses[status], 0))
            for status in TurnStatus
            if statuses[status]
        ),
        words=2,
    )
    faults: Counter[tuple[str, str, str, str]] = Counter()
    words: dict[tuple[str, str, str, str], str] = {}
    found = [("turn", turn.fault) for turn in run.turns]
    found += [("session", session.fault) for session in run.sessions]
    for of, fault in found:
        if fault is not None:
            key = (str(fault.party), str(fault.phase), fault.code, of)
            faults[key] += 1
            words.setdefault(key, fault.detail)
    says = ("Whose fault it was, in which phase, and the first words that came with it.",)
    if not run.turns and not faults:
        text = Text(text="No turn was recorded.")
        return Section(id="errors", title="What went wrong", says=says, parts=(text,))
    if not faults:
        text = Text(text="No turn and no session went wrong.")
        return Section(id="errors", title="What went wrong", says=says, parts=(ended, text))
    shown = faults.most_common(_FAULTS_SHOWN)
    hidden = len(faults) - len(shown)
    table = Table(
        title="Faults",
        head=("Party", "Phase", "Code", "Of", "First words", "Count"),
        rows=tuple(
            (*map(printable, key), printable(words[key]) or MISSING, number(count, 0))
            for key, count in shown
        ),
        words=5,
        notes=(f"{counted(hidden, 'rarer kind')} not shown.",) if hidden else (),
    )
    return Section(id="errors", title="What went wrong", says=says, parts=(ended, table))


def network(run: Run) -> Section:
    """Return what the networks were asked to be, and what a probe found."""
    found = {e.network.profile: e.network for e in run.events if e.network is not None}
    rows: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    for profile in run.manifest.networks:
        realised, name = found.get(profile.name), printable(profile.name)
        said = [printable(profile.note)] if profile.note else []
        round_trip: Cell
        if realised is None:
            verdict, round_trip = "not measured", MISSING
        else:
            verdict = "verified" if realised.verified else "NOT VERIFIED"
            round_trip = _round_trip(realised)
            said.insert(0, f"{printable(realised.why)} ({counted(realised.probes, 'probe')})")
        if said:
            notes.append(f"{name}: {'; '.join(said).removesuffix('.')}.")
        asked = f"{profile.rtt_ms:g}"
        rows.append((name, verdict, _way(profile.up), _way(profile.down), asked, round_trip))
    table = Table(
        title="Networks",
        head=("Network", "Probe", "Up", "Down", "Asked RTT, ms", "Found RTT, ms"),
        rows=tuple(rows),
        words=4,
        notes=tuple(notes),
    )
    says = (
        (
            "What Toxiproxy was asked to add, and the round trip that a probe through it found"
            " before the run: its median and, below it, P10 to P90."
        ),
    )
    return Section(id="network", title="Networks", says=says, parts=(table,))


def _way(direction: Direction) -> str:
    if direction == Direction():
        return "nothing added"
    rate = direction.rate_kbit_s
    speed = "" if rate is None else f", {number(rate, 0)} kbit/s"
    return f"{direction.delay_ms:g} ± {direction.jitter_ms:g} ms{speed}"


def _round_trip(realised: RealisedNetwork) -> Cell:
    if realised.rtt_p50_ms is None:
        return MISSING
    if realised.rtt_p10_ms is None or realised.rtt_p90_ms is None:
        return number(realised.rtt_p50_ms)
    spread = f"{number(realised.rtt_p10_ms)} to {number(realised.rtt_p90_ms)}"
    return number(realised.rtt_p50_ms), spread
