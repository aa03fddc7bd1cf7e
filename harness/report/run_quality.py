"""The sections that say how far the numbers can be trusted: our own fitness, provenance, method."""

from collections.abc import Iterator, Mapping, Sequence

from harness.analysis import METRICS
from harness.errors import sanitised
from harness.model import AskedSession, PromptSize, Run
from harness.model.accuracy_summary import AccuracySummary
from harness.model.summary import (
    HeldBackSummary,
    LatenessSummary,
    LoadSummary,
    Summary,
)
from harness.report.blocks import Facts, Section, Table
from harness.report.formatting import (
    MINUS,
    MISSING,
    counted,
    milliseconds,
    number,
    percent,
    signed,
)
from harness.report.sections import anchor
from harness.report.summary_view import HEADLINE, IN_TEXT, headline

_FRAMES = {
    False: "when each audio frame went out",
    True: "calls in text send no frames; when each step of a caller came, with one of which each"
    " prompt leaves",
}


def instrument(summary: Summary) -> Section:
    """Return our own lateness, what we delivered, and measured minus true."""
    in_text = headline(summary.metrics) == IN_TEXT
    durations = Table(
        title="Our own lateness",
        head=("In ms", "n", "P50", "P99", "P99.9", "Worst"),
        rows=(
            ("Frame lateness", *_lateness(summary.send_lateness)),
            ("Event-loop lag", *_lateness(summary.loop_lag)),
            ("Garbage collection", *_lateness(summary.gc_pause)),
        ),
        notes=(
            (
                f"Frame lateness: {_FRAMES[in_text]}, less when it was due. It"
                " is reported beside the latencies and never subtracted from them."
            ),
            (
                "Event-loop lag: when the loop came to something that could be read from a known"
                " instant on, less that instant. Where it stamps arrivals, it is as late to do so."
            ),
        ),
    )
    parts: list[Table | Facts] = [
        _error_bound(summary),
        durations,
        Facts(pairs=_delivered(summary.load, in_text=in_text)),
    ]
    if rows := tuple(_accuracy(one) for one in summary.accuracy):
        parts.append(
            Table(
                title="Measured minus true",
                head=(f"Measured {MINUS} true, ms", "n", "P50", "P95", "P99", "Least", "Most"),
                rows=rows,
                notes=(
                    (
                        "Turn by turn against the simulator's own log, on the same clock. Where"
                        " the network adds delay, its round trip is part of it; where it adds"
                        " none, it is the error of the measurement and of the machine."
                    ),
                ),
            )
        )
    says = ("A latency tester that is late itself measures itself. This is how late it was.",)
    return Section(id="instrument", title="The instrument", says=says, parts=tuple(parts))


def _error_bound(summary: Summary) -> Table:
    found = summary.validity.error_bound
    shown = (found.p50_ms, found.p99_ms, found.max_ms)
    notes = (
        (
            "How late the frame left that ended speech, or the prompt, plus how much earlier than"
            " its stamp the first audible sample, or the first text, may have arrived. Arrivals"
            f" were stamped by the {summary.provenance.arrival_stamps}. A turn beyond"
            f" {milliseconds(found.limit_ms)} is void and in no number of this page."
        ),
        *((f"{sanitised(found.why)}.",) if found.why else ()),
    )
    return Table(
        title="What a latency may be wrong by through us",
        head=("In ms", "n", "P50", "P99", "Worst", "Stamped by our loop", "Not known", "Void"),
        rows=(
            (
                "Error of a turn at most",
                number(found.n, 0),
                *(MISSING if value is None else number(value) for value in shown),
                number(found.by_loop, 0),
                number(found.unknown, 0),
                number(found.over_limit, 0),
            ),
        ),
        notes=notes,
    )


def _lateness(found: LatenessSummary) -> tuple[str, ...]:
    values = (found.p50_ms, found.p99_ms, found.p999_ms, found.max_ms)
    if not found.n:
        return (MISSING,) * 5
    return (number(found.n, 0), *(MISSING if one is None else number(one) for one in values))


def _delivered(done: LoadSummary, *, in_text: bool) -> tuple[tuple[str, str], ...]:
    intended, sent = done.frames_intended, done.frames_sent
    share = "" if done.frames_share is None else f" ({percent(done.frames_share)})"
    turns = f"{number(done.turns, 0)} recorded of {number(done.turns_planned, 0)} planned"
    return (
        (
            "Steps taken" if in_text else "Frames sent",
            f"{number(sent, 0)} of {number(intended, 0)} intended{share}",
        ),
        ("Calls", f"{number(done.calls_held, 0)} ended, {_planned(done.calls_planned)}"),
        ("Turns", turns),
        ("Refused by a full server", f"{number(done.refusals, 0)}, and tried again as configured"),
        *([("Held back", held_back(done.held_back))] if done.held_back else []),
        ("Messages not readable", number(done.unreadable_messages, 0)),
        ("Old names of messages", ", ".join(sanitised(one) for one in done.old_names) or MISSING),
        ("Workers lost", number(done.workers_lost, 0)),
        ("Clock steps", number(done.clock_steps, 0)),
        ("Came to its end", "yes" if done.finished else "no: killed, or still going on"),
    )


def held_back(found: HeldBackSummary) -> str:
    """Say what the target's own limits delayed."""
    return (
        f"{counted(found.sessions, 'session')} began later, by at most {number(found.max_s, 1)} s,"
        " for the target's own limits; no latency holds that"
    )


def _planned(calls: int | None) -> str:
    return "none planned: time decides" if calls is None else f"{number(calls, 0)} planned"


def _accuracy(found: AccuracySummary) -> tuple[str, ...]:
    off = found.difference
    shown = (signed(one) for one in (off.p50_ms, off.p95_ms, off.p99_ms, off.min_ms, off.max_ms))
    of = "" if found.metric == HEADLINE else f", {found.metric}"
    return (sanitised(found.network) + of, number(found.n, 0), *shown)


def provenance(run: Run) -> Section:
    """Return what it takes to do the same run again."""
    manifest = run.manifest
    target = sanitised(manifest.target) + (" (simulator)" if manifest.simulated else "")
    pairs = (
        ("To repeat it", manifest.settings.get("command", "")),
        ("Run", manifest.run_id),
        ("Started", manifest.started_at),
        ("Target", target),
        ("Model and dialect", f"{manifest.model_in_words}, {manifest.dialect}"),
        ("Scenario", manifest.scenario),
        ("Scenario digest", manifest.scenario_digest),
        ("Schedule hash", manifest.schedule_hash),
        ("Seeds", _pairs(manifest.seeds)),
        ("Audio frames", f"{manifest.frame_ms} ms"),
        ("Patience of a caller", f"{number(manifest.turn_limit_ms, 0)} ms"),
        ("Settings", _pairs(_settings(manifest.settings))),
        ("Versions", _pairs(manifest.versions)),
        ("Machine", _pairs(manifest.host)),
        ("Commit", manifest.commit),
    )
    known = tuple((label, text if label == "Target" else _words(text)) for label, text in pairs)
    says = (
        "Equal schedule hashes mean that the same calls were made at the same moments.",
        "The numbers of this page are in summary.json, the records in turns.jsonl, beside it.",
    )
    parts: list[Table | Facts] = [Facts(pairs=known), *_sessions(manifest.sessions_asked)]
    return Section(id="provenance", title="Provenance", says=says, parts=tuple(parts))


def _sessions(asked: Sequence[AskedSession]) -> Iterator[Table]:
    """Yield what was asked of sessions beside what the server confirmed, where there is more."""
    for one in asked:
        rows = [("instructions", _prompt(one.instructions), MISSING)] if one.instructions else []
        if one.tools:
            names = ", ".join(one.tool_names)
            rows.append(("definitions of tools", f"{_prompt(one.tools)}: {names}", MISSING))
        for row in one.settings:
            told = "not told" if row.acknowledged is None else row.acknowledged
            rows.append((row.name, row.asked, f"{told} (differs)" if row.differs else told))
        if rows:
            yield Table(
                title=_words(" ".join(("Session", *filter(None, (one.user_class,))))),
                head=("Setting", "Asked for", "Confirmed by the server before the run"),
                rows=tuple(tuple(map(_words, row)) for row in rows),
                words=3,
                notes=_session_notes(one),
            )


def _prompt(size: PromptSize) -> str:
    """Return how large a part of the prompt is."""
    about = f"about {number(size.tokens_estimated, 0)} tokens"
    return f"{number(size.characters, 0)} characters, {about}, SHA-256 {size.sha256[:12]}"


def _session_notes(one: AskedSession) -> tuple[str, ...]:
    notes = ["Tokens are estimated: one for every four bytes of UTF-8."]
    if one.acknowledged is False:
        notes.append("The server confirmed no settings before the run.")
    return tuple(notes)


def _pairs(named: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in named.items())


def _settings(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name != "command"}


def _words(text: str) -> str:
    """Make one line of foreign text; long lists of versions stay whole, in pieces."""
    return ", ".join(sanitised(piece) for piece in text.split(", ")) or MISSING


def method(run: Run, summary: Summary) -> Section:
    """Return definitions and rules, of what this run has and by what it was asked for."""
    present = [metric for metric in METRICS if metric.name in summary.metrics]
    definitions = Facts(
        pairs=tuple((m.title, f"{m.definition}.") for m in present),
        anchors=tuple(anchor(m.name) for m in present),
    )
    rules = Facts(
        pairs=(
            (
                "Plan",
                (
                    "Every latency counts from the instant the pacing plan gives to the labelled"
                    " end of speech, not from the frame that carried it: no coordinated omission."
                ),
            ),
            ("Percentile", "The nearest rank of the raw turns: a latency that somebody had."),
            (
                "Interval",
                (
                    "95 %, from order statistics (Woodruff), with the number of turns reduced"
                    " to the independent ones they are worth, sessions being the clusters."
                ),
            ),
            (
                "Support",
                (
                    "A percentile is printed when its interval exists: P50 from 6, P95 from 59,"
                    " P99 from 299 independent turns."
                ),
            ),
            (
                "No answer",
                (
                    "A turn that was waited for in vain stays in the tail, right-censored at"
                    " the limit. One that failed or was cut off is counted as failed."
                ),
            ),
            (
                "Failure rate",
                (
                    "Turns without a response that was heard, less those we spoiled"
                    " ourselves; Wilson interval."
                ),
            ),
            (
                "Validity",
                (
                    "Judged before any latency is looked at, from our own lateness, what turns"
                    " may be wrong by, frames"
                    " sent, lost workers, clock steps, the probe of each network and what was"
                    " seen of it while calls ran: changes, pings and the cost of the proxy."
                ),
            ),
        )
    )
    says = (
        (
            "What each number means. A definition can be changed without a new run: the records"
            " hold instants, not durations."
        ),
    )
    return Section(
        id="method",
        title="Method and definitions",
        says=says,
        parts=(definitions, rules, Facts(pairs=tuple(_exclusions(run, summary)))),
    )


def _exclusions(run: Run, summary: Summary) -> Iterator[tuple[str, str]]:
    """Yield what of this run is in no latency, and why."""
    status, failures = summary.load.status, summary.failure_rate
    whole = summary.metrics.get(headline(summary.metrics))
    measured_, turns = summary.load.turns_measured, summary.load.turns
    yield (
        "Turns with a latency",
        f"{number(measured_, 0)} of {counted(turns, 'turn')} recorded",
    )
    if whole is not None and whole.censored:
        yield (
            "Right-censored",
            (
                f"{number(whole.censored, 0)}, at {number(run.manifest.turn_limit_ms, 0)} ms:"
                " they count as slower than every turn that was answered"
            ),
        )
    if ours := turns - failures.n:
        yield "Left out because of us", f"{number(ours, 0)}, in no latency and no failure rate"
    for name in ("failed", "closed", "dropped"):
        if status.get(name):
            yield f"Without a latency: {name}", number(status[name], 0)
    if summary.load.turns_unrecorded:
        yield "Planned, without a record", number(summary.load.turns_unrecorded, 0)
    if whole is not None and whole.p95.n_eff is not None:
        yield (
            "Independent turns",
            (
                f"the {number(whole.n, 0)} are worth {number(whole.p95.n_eff, 0)} for P95:"
                " turns of a session are alike"
            ),
        )
