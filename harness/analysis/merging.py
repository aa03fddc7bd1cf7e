"""Several runs as one: records kept apart by their ids, and instants put one after another."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from harness.analysis.comparison.likeness import (
    Fact,
    by_class,
    differences,
    facts,
    refuse_twice,
)
from harness.analysis.validity import assess_validity
from harness.errors import BadInput
from harness.model import (
    NS_PER_S,
    ArrivalStamps,
    MergedRun,
    Run,
    RunEvent,
    RunEventKind,
    RunManifest,
    SessionRecord,
    TruthRecord,
    TurnInstants,
    TurnRecord,
    VendorAccount,
)

SESSION_INSTANTS = (
    "scheduled_start_ns",
    "planned_start_ns",
    "open_start_ns",
    "answered_ns",
    "minted_ns",
    "reached_ns",
    "secured_ns",
    "connected_ns",
    "ready_ns",
    "closed_ns",
    "greeting_audible_ns",
    "greeting_end_ns",
)
"""Fields of a session record that count from the start of its run; the others are durations."""

_TURN_INSTANTS = tuple(field.name for field in fields(TurnInstants))


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Several runs as one.

    Attributes:
        manifest: What they were asked for, with calls and turns added up.
        turns: All of them.
        sessions: All of them.
        events: All of them, and one for each run that says what it was.
        accounts: What the vendor told of their calls.
        truth: The truth logs; their instants stay those of the machine's clock.
        spans_ns: From when to when each run lasted.
    """

    manifest: RunManifest
    turns: tuple[TurnRecord, ...]
    sessions: tuple[SessionRecord, ...]
    events: tuple[RunEvent, ...]
    accounts: tuple[VendorAccount, ...]
    truth: tuple[TruthRecord, ...]
    spans_ns: tuple[tuple[int, int], ...]


def merge_runs(runs: Sequence[Run], truths: Sequence[Sequence[TruthRecord]], run_id: str) -> Merged:
    """Merge runs that were asked for the same.

    Runs follow one another in the order given, each from the full second after the last instant of
    the one before: the time between them is left out.

    Args:
        runs: Two or more.
        truths: The simulator's truth log of each; empty where it has none.
        run_id: Name of the whole.

    Raises:
        BadInput: There is one run only, one is in it twice, or they were not asked for the same.
    """
    if len(runs) < 2:
        raise BadInput("one run is nothing to merge", where="--merge", hint="Give two or more")
    refuse_twice([one for run in runs for one in members(run)])
    for key, words in differences(runs, _asked):
        raise BadInput(f"the runs differ in {key}: {words}", hint="Merge like with like")
    pieces: list[Run] = []
    spans: list[tuple[int, int]] = []
    truth: list[TruthRecord] = []
    calls = 0
    for place, (run, log) in enumerate(zip(runs, truths, strict=True), start=1):
        start_ns = spans[-1][1] if spans else 0
        moved = _Moved(place, start_ns, calls)
        pieces.append(moved.run(run))
        truth += [moved.truth(record) for record in log]
        end_ns = -(-_last_ns(pieces[-1]) // NS_PER_S) * NS_PER_S
        spans.append((start_ns, max(start_ns, end_ns)))
        calls += _calls(run)
    finished = all(_has_finished(run) for run in runs)
    end = (RunEvent(kind=RunEventKind.FINISHED, at_ns=spans[-1][1]),) if finished else ()
    return Merged(
        manifest=_manifest(runs, run_id),
        turns=tuple(turn for piece in pieces for turn in piece.turns),
        sessions=tuple(session for piece in pieces for session in piece.sessions),
        events=(*(event for piece in pieces for event in piece.events), *end),
        accounts=tuple(account for piece in pieces for account in piece.accounts),
        truth=tuple(truth),
        spans_ns=tuple(spans),
    )


def members(run: Run) -> tuple[tuple[str, str], ...]:
    """Return id and start of the runs that a run was merged from, or of itself."""
    merged = [event.merged for event in run.events if event.merged is not None]
    named = tuple((one.run_id, one.started_at) for one in merged)
    return named or ((run.manifest.run_id, run.manifest.started_at),)


class _Moved:
    """A run's records in their place in the whole."""

    def __init__(self, place: int, start_ns: int, calls: int) -> None:
        self._place, self._start_ns, self._calls = place, start_ns, calls

    def run(self, run: Run) -> Run:
        simulated, name = run.manifest.simulated, run.manifest.run_id
        said = () if any(event.merged for event in run.events) else (self._said(run),)
        kept = (event for event in run.events if event.kind is not RunEventKind.FINISHED)
        return replace(
            run,
            turns=tuple(self._turn(turn, simulated=simulated) for turn in run.turns),
            sessions=tuple(self._session(one, simulated=simulated) for one in run.sessions),
            events=(*said, *(self._event(event, name) for event in kept)),
            accounts=tuple(
                replace(one, session_id=self._name(one.session_id)) for one in run.accounts
            ),
        )

    def truth(self, record: TruthRecord) -> TruthRecord:
        return replace(record, session_id=self._name(record.session_id))

    def _turn(self, turn: TurnRecord, *, simulated: bool) -> TurnRecord:
        ids = turn.provider_ids
        if simulated and "session" in ids:
            # The simulator draws its names from a seed: two runs may have the same ones.
            ids = ids | {"session": self._name(ids["session"])}
        at = TurnInstants(**self._later(turn.at, _TURN_INSTANTS))
        return replace(turn, session_id=self._name(turn.session_id), provider_ids=ids, at=at)

    def _session(self, session: SessionRecord, *, simulated: bool) -> SessionRecord:
        theirs = session.provider_session_id
        return replace(
            session,
            session_id=self._name(session.session_id),
            call_number=session.call_number + self._calls,
            provider_session_id=self._name(theirs) if simulated and theirs else theirs,
            **self._later(session, SESSION_INSTANTS),
        )

    def _event(self, event: RunEvent, run_id: str) -> RunEvent:
        detail = f"{run_id}: {event.detail}" if event.detail else run_id
        if event.kind is RunEventKind.RECORDINGS:
            detail += ", in its own folder"
        if event.merged is not None:
            detail = event.detail
        return replace(event, at_ns=event.at_ns + self._start_ns, detail=detail)

    def _said(self, run: Run) -> RunEvent:
        """Return the event that says which run begins here, and how it was judged."""
        validity, manifest = assess_validity(run), run.manifest
        merged = MergedRun(
            run_id=manifest.run_id,
            started_at=manifest.started_at,
            state=validity.state,
            reasons=validity.reasons,
        )
        detail = f"{manifest.run_id}, begun {manifest.started_at}: {validity.state}"
        return RunEvent(
            kind=RunEventKind.MERGED, at_ns=self._start_ns, detail=detail, merged=merged
        )

    def _name(self, name: str) -> str:
        return f"{self._place}-{name}"

    def _later(self, record: object, names: Sequence[str]) -> dict[str, Any]:
        at = {name: getattr(record, name) for name in names}
        return {name: None if ns is None else ns + self._start_ns for name, ns in at.items()}


def _last_ns(run: Run) -> int:
    """Return the last instant of a run."""
    instants = [event.at_ns for event in run.events]
    for names, records in (
        (_TURN_INSTANTS, [turn.at for turn in run.turns]),
        (SESSION_INSTANTS, run.sessions),
    ):
        found = (getattr(record, name) for record in records for name in names)
        instants += [ns for ns in found if ns is not None]
    return max(instants, default=0)


def _calls(run: Run) -> int:
    """Return how many call numbers a run takes."""
    held = max((session.call_number + 1 for session in run.sessions), default=0)
    return max(held, run.manifest.calls_planned or 0)


def _has_finished(run: Run) -> bool:
    return any(event.kind is RunEventKind.FINISHED for event in run.events)


def _asked(run: Run) -> tuple[Fact, ...]:
    """Return all that runs must have in common to be one."""
    manifest = run.manifest
    sessions = " ".join(one.sha256[:12] for one in manifest.sessions_asked)
    # What a run starts itself listens on another port each time.
    cascade = manifest.settings.get("cascade", "")
    started = "the simulator" if manifest.simulated else cascade and f"the cascade {cascade}"
    length = "until a time" if manifest.calls_planned is None else "a number of calls"
    return (
        *facts(run),
        Fact("target", started or manifest.target, "" if started else by_class(manifest, "target")),
        Fact("audio", str(manifest.audio)),
        Fact("session", sessions),
        Fact("length", length),
    )


def _manifest(runs: Sequence[Run], run_id: str) -> RunManifest:
    manifests = [run.manifest for run in runs]
    hashes = "\n".join(one.schedule_hash for one in manifests)
    kernel = all(one.arrival_stamps is ArrivalStamps.KERNEL for one in manifests)
    named = ", ".join(name for run in runs for name, _ in members(run))
    settings = _either([one.settings for one in manifests])
    commands = [one.settings.get("command", "") for one in manifests]
    if all(commands):
        settings["command"] = " && ".join(commands)
    return replace(
        manifests[0],
        run_id=run_id,
        seeds=_seeds(manifests),
        schedule_hash=hashlib.sha256(hashes.encode()).hexdigest(),
        calls_planned=_total([one.calls_planned for one in manifests]),
        turns_planned=_total([one.turns_planned for one in manifests]),
        settings=settings | {"merged": named},
        versions=_either([one.versions for one in manifests]),
        host=_either([one.host for one in manifests]),
        commit=" and ".join(dict.fromkeys(one.commit for one in manifests if one.commit)),
        model_by_default=all(one.model_by_default for one in manifests),
        arrival_stamps=ArrivalStamps.KERNEL if kernel else ArrivalStamps.EVENT_LOOP,
    )


def _total(planned: Sequence[int | None]) -> int | None:
    known = [one for one in planned if one is not None]
    return sum(known) if len(known) == len(planned) else None


def _either(named: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return every name with its value, or with all values where runs differ."""
    names = dict.fromkeys(name for one in named for name in one)
    return {
        name: " and ".join(dict.fromkeys(one[name] for one in named if name in one))
        for name in names
    }


def _seeds(manifests: Sequence[RunManifest]) -> dict[str, int]:
    """Return the seeds that all share, and of the others those of each run under its name."""
    first = manifests[0].seeds
    shared = {
        name: seed
        for name, seed in first.items()
        if all(one.seeds.get(name) == seed for one in manifests)
    }
    apart = {
        f"{name} of {one.run_id}": seed
        for one in manifests
        for name, seed in one.seeds.items()
        if name not in shared
    }
    return shared | apart
