"""Whether runs may be compared: the facts that must agree, each with its name."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.analysis.summary import concurrency_peak
from harness.errors import BadInput
from harness.model import NetworkProfile, Run, RunManifest

# Above this ratio of the calls at once, load itself is what differs. A closed loop holds the
# number of its users; an open one may exceed it somewhat where the candidate is slower.
_CONCURRENCY_RATIO = 1.5
_SETTINGS = (
    "silence_ms",
    "turn_detection",
    "session",
    "turns_per_call",
    "think_ms",
    "dialogue",
    "network_mix",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a run that comparisons rest on.

    Attributes:
        key: Its name, for `--allow-different`.
        value: In words.
        digest: What is compared; the words where nothing else is given.
    """

    key: str
    value: str
    digest: str = ""

    @property
    def same(self) -> str:
        """What must be equal."""
        return self.digest or self.value


KEYS = (
    *("scenario", "corpus", "network", "model", "dialect"),
    *("host", "turn_limit", "frame_ms", "settings", "concurrency"),
)


def facts(run: Run) -> tuple[Fact, ...]:
    """Return the facts of a run that comparisons rest on, concurrency aside."""
    manifest = run.manifest
    corpus, host = manifest.corpus, manifest.host
    settings = {key: manifest.settings[key] for key in _SETTINGS if key in manifest.settings}
    return (
        Fact("scenario", manifest.scenario, f"{manifest.scenario} {manifest.scenario_digest}"),
        Fact("corpus", corpus.name, f"{corpus.name} {corpus.digest}"),
        Fact("network", *_networks(manifest.networks)),
        Fact("model", manifest.model, by_class(manifest, "model")),
        Fact("dialect", manifest.dialect, by_class(manifest, "dialect")),
        Fact("host", host_class(host)),
        Fact("turn_limit", f"{manifest.turn_limit_ms:g} ms"),
        Fact("frame_ms", f"{manifest.frame_ms} ms"),
        Fact("settings", ", ".join(f"{k} {v}" for k, v in sorted(settings.items()))),
    )


def by_class(manifest: RunManifest, attribute: str) -> str:
    """Return what the target of each user class has; empty where all call the same."""
    if not manifest.several_targets:
        return ""
    return " ".join(f"{one.user_class}={getattr(one, attribute)}" for one in manifest.targets)


def host_class(host: dict[str, str]) -> str:
    """Return what kind of machine it was: system without its release, processor kind, cores."""
    system = re.split(r"[ /-]", host.get("system", ""))[0]
    words = [system, host.get("machine", ""), f"{host['cores']} cores" if "cores" in host else ""]
    return " ".join(word for word in words if word) or "unknown"


def refuse_unlike(runs: Sequence[Run], allowed: Collection[str] = ()) -> tuple[str, ...]:
    """Refuse to compare runs that are not alike.

    Args:
        runs: All runs of a comparison, the candidate's first.
        allowed: Keys of facts that may differ.

    Returns:
        What differs and was allowed to, in words.

    Raises:
        BadInput: A run is given twice, a key is unknown, or a fact differs that may not.
    """
    for key in sorted(set(allowed) - set(KEYS)):
        raise BadInput(
            f"does not know {key!r}", where="--allow-different", hint=f"Known are {', '.join(KEYS)}"
        )
    refuse_twice([(run.manifest.run_id, run.manifest.started_at) for run in runs])
    notes = []
    for key, words in differences(runs):
        if key not in allowed:
            raise BadInput(
                f"the runs differ in {key}: {words}",
                hint=f"Compare like with like, or add --allow-different {key}",
            )
        notes.append(f"{key} differs: {words}")
    return tuple(notes)


def refuse_twice(named: Iterable[tuple[str, str]]) -> None:
    """Refuse runs one of which is there twice.

    Args:
        named: Id and start of each.

    Raises:
        BadInput: Two have both in common.
    """
    seen: set[tuple[str, str]] = set()
    for identity in named:
        if identity in seen:
            raise BadInput(
                "is given twice",
                where=identity[0],
                hint="A run compared with itself, or counted twice, shows nothing",
            )
        seen.add(identity)


def differences(
    runs: Sequence[Run], facts_of: Callable[[Run], tuple[Fact, ...]] = facts
) -> Iterator[tuple[str, str]]:
    """Yield key and both values, in words, of what the first run that is unlike differs in.

    Args:
        runs: The runs, held against the first.
        facts_of: What must be equal; beside it, loads must not be far apart.
    """
    first = runs[0]
    for other in runs[1:]:
        found = [
            (mine, theirs)
            for mine, theirs in zip(facts_of(first), facts_of(other), strict=True)
            if mine.same != theirs.same
        ]
        for mine, theirs in found:
            yield mine.key, _both(first, _shown(mine, theirs), other, _shown(theirs, mine))
        if found:
            return
        peaks = concurrency_peak(first.sessions), concurrency_peak(other.sessions)
        if _far(peaks):
            yield "concurrency", _both(first, f"{peaks[0]} calls", other, f"{peaks[1]} calls")
            return


def _both(first: Run, mine: str, other: Run, theirs: str) -> str:
    return f"{mine} in {first.manifest.run_id}, {theirs} in {other.manifest.run_id}"


def _shown(fact: Fact, beside: Fact) -> str:
    """Return a fact's words, with its digest where the words alone would not differ."""
    words = fact.value or "none"
    if fact.value == beside.value:
        return f"{words} ({fact.digest.split()[-1][:12]})" if fact.digest.split() else words
    return words


def _far(peaks: Iterable[int | None]) -> bool:
    known = [peak for peak in peaks if peak]
    return len(known) == 2 and max(known) > _CONCURRENCY_RATIO * min(known) + 1


def _networks(profiles: Iterable[NetworkProfile]) -> tuple[str, str]:
    """Return the names, and all that was asked of each."""
    ordered = sorted(profiles, key=lambda profile: profile.name)
    names = ", ".join(profile.name for profile in ordered) or "none"
    asked = "; ".join(
        f"{p.name} {p.up} {p.down} {p.stages} {p.faults}".replace(" ", "") for p in ordered
    )
    return names, asked
