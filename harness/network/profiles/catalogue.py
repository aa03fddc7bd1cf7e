"""Network profiles from TOML: those that are shipped, and a user's own."""

import difflib
import functools
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from harness.errors import BadInput, sanitised
from harness.model import DIRECT, Direction, FaultKind, NetworkFault, NetworkProfile, Stage
from harness.network.profiles.regions import add_region
from harness.network.toxiproxy.toxics import FAULT_SETTINGS

_BOTH_DIRECTIONS = ("jitter_ms", "loss_percent", "burst_ms", "stall_every_ms", "stall_ms")
_ONE_DIRECTION = ("delay_ms", "kbit_s", *_BOTH_DIRECTIONS)
_NUMBERS = (
    "rtt_ms",
    *_BOTH_DIRECTIONS,
    *(f"{towards}_{key}" for towards in ("up", "down") for key in _ONE_DIRECTION),
)
_TEXTS = ("source", "note")
_LISTS = ("stage", "fault")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LOSSLESS = "no packets are lost; reordering and queues are not emulated"
_LOSSY = (
    "loss and stalls show as they do to a stream over TCP, by a simulated sender that was checked"
    " against Linux; reordering and queues are not emulated"
)
_AHEAD = "downwards the stalls are those of a stream at the caller's cadence"
# Mathis: loss limits the window to 1.22 / sqrt(p) packets.
_MATHIS = 1.22


def load_profiles(extra: Path | None = None) -> dict[str, NetworkProfile]:
    """Read the shipped profiles, and a user's own on top of them.

    Args:
        extra: A TOML file in the shape of the shipped `profiles.toml`: one table a profile. A
            profile of the same name replaces the shipped one.

    Returns:
        Profiles by name, in the order of the files.

    Raises:
        BadInput: The file cannot be read, has a key no profile knows, or asks for the impossible.
    """
    shipped = files(__package__) / "profiles.toml"
    profiles = _parse(shipped.read_text(encoding="utf-8"), "profiles.toml", {})
    if extra is not None:
        try:
            text = extra.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                f"cannot be read: {error}", where=str(extra), hint="Name a TOML file of profiles."
            ) from error
        profiles |= _parse(text, str(extra), profiles)
    return profiles


def choose_profile(profiles: Mapping[str, NetworkProfile], name: str) -> NetworkProfile:
    """Return the profile called `name`, with regions added where it has a plus.

    Raises:
        BadInput: There is none; the message has the nearest names.
    """
    if name in profiles:
        return profiles[name]
    first, *terms = name.split("+")
    if terms and first in profiles:
        return functools.reduce(add_region, terms, profiles[first])
    near = difflib.get_close_matches(first.lower(), profiles, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(profiles)}."
    raise BadInput("no network profile has this name", where=sanitised(first), hint=hint)


def collapse(profile: NetworkProfile, cadence_ms: float) -> str | None:
    """Return a warning when loss allows fewer packets in flight than the stream needs, else `None`.

    TCP can have about 1.22 / sqrt(p) packets in flight when it loses one in 1 / p; a burst counts
    as one loss. A stream that needs more falls behind for good.

    Args:
        profile: The network.
        cadence_ms: Time between messages.
    """
    for stage in profile.timeline:
        needed = (stage.up.delay_ms + stage.down.delay_ms) / cadence_ms
        for towards, direction in (("up", stage.up), ("down", stage.down)):
            share = direction.loss
            if direction.burst_ms is not None:
                share *= min(1.0, cadence_ms / direction.burst_ms)
            if 0 < direction.loss < 1 and needed > _MATHIS / math.sqrt(share):
                return (
                    f"{profile.name} is expected to collapse: {direction.loss:.2%} loss {towards}"
                    f" leaves TCP {_MATHIS / math.sqrt(share):.1f} packets in flight, a message"
                    f" every {cadence_ms:g} ms needs {needed:.1f}"
                )
    return None


def _parse(text: str, where: str, known: Mapping[str, NetworkProfile]) -> dict[str, NetworkProfile]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(
            f"is not TOML: {error}", where=where, hint="Write one [table] for each profile."
        ) from error
    found: dict[str, NetworkProfile] = {}
    for name, table in tables.items():
        found[name] = _profile(name, table, where, {**known, **found})
    return found


def _profile(
    name: str, table: object, where: str, known: Mapping[str, NetworkProfile]
) -> NetworkProfile:
    """Make one profile of one table; every refusal names the file and the profile."""
    place = f"{where}, [{sanitised(name)}]"
    try:
        if name == DIRECT or not _NAME.fullmatch(name):
            raise ValueError(
                f"a profile's name is up to 40 of a-z, 0-9, _ and -, and not `{DIRECT}`,"
                " which means no proxy at all"
            )
        if not isinstance(table, dict):
            raise ValueError("a profile is a table of its own, such as [my_wifi]")
        _refuse_unknown(table, {*_NUMBERS, *_TEXTS, *_LISTS})
        return _from_keys(name, table, known)
    except ValueError as error:
        keys = ", ".join(
            (*_NUMBERS[: len(_BOTH_DIRECTIONS) + 1], "up_…", "down_…", *_TEXTS, *_LISTS)
        )
        raise BadInput(str(error), where=place, hint=f"Known keys are {keys}.") from error


def _from_keys(
    name: str, table: dict[str, object], known: Mapping[str, NetworkProfile]
) -> NetworkProfile:
    up, down = _directions(table)
    stages = tuple(_stage(entry, table, known) for entry in _entries(table, "stage"))
    faults = tuple(_fault(entry) for entry in _entries(table, "fault"))
    plain = NetworkProfile(name=name, up=up, down=down, stages=stages, faults=faults)
    says = [_text(table, "note"), _LOSSY if plain.stalls else _LOSSLESS]
    if plain.down.stalls or stages:
        says.append(_AHEAD)
    return replace(plain, source=_text(table, "source"), note="; ".join(filter(None, says)))


def _directions(table: Mapping[str, object]) -> tuple[Direction, Direction]:
    """Split the round trip into directions in whole milliseconds; an odd one goes up."""
    rtt_ms = _number(table, "rtt_ms")
    halves: dict[str, float] = {}
    if rtt_ms is not None:
        halves = {"up": rtt_ms - math.floor(rtt_ms / 2), "down": float(math.floor(rtt_ms / 2))}
    found = []
    for towards in ("up", "down"):
        delay_ms = _number(table, f"{towards}_delay_ms")
        if delay_ms is None:
            delay_ms = halves.get(towards)
        if delay_ms is None:
            raise ValueError("rtt_ms is missing")

        def own(key: str, towards: str = towards) -> float | None:
            value = _number(table, f"{towards}_{key}")
            return _number(table, key) if value is None else value

        found.append(
            Direction(
                delay_ms=delay_ms,
                jitter_ms=own("jitter_ms") or 0.0,
                rate_kbit_s=_number(table, f"{towards}_kbit_s"),
                loss=(own("loss_percent") or 0.0) / 100,
                burst_ms=own("burst_ms"),
                stall_every_ms=own("stall_every_ms"),
                stall_ms=_pair(table, f"{towards}_stall_ms")
                or _pair(table, "stall_ms")
                or (0.0, 0.0),
            )
        )
    return found[0], found[1]


def _stage(
    entry: dict[str, object], table: dict[str, object], known: Mapping[str, NetworkProfile]
) -> Stage:
    """Make one stage: another profile's delay, loss and stalls, or changes to the profile's own."""
    _refuse_unknown(entry, {"from_s", "profile", *_NUMBERS})
    from_s = _number(entry, "from_s")
    if from_s is None:
        raise ValueError("a stage needs from_s")
    other = _text(entry, "profile")
    if not other:
        up, down = _directions({**table, **entry})
    elif set(entry) - {"from_s", "profile"}:
        raise ValueError("a stage is another profile or has keys of its own, not both")
    else:
        try:
            chosen = choose_profile(known, other)
        except BadInput as error:
            raise ValueError(f"stage: {error}") from error
        up, down = chosen.up, chosen.down
    return Stage(from_s=from_s, up=up, down=down, name=other)


def _fault(entry: dict[str, object]) -> NetworkFault:
    kinds = [kind.value for kind in FaultKind]
    kind, stream = _text(entry, "kind"), _text(entry, "stream") or "up"
    if kind not in kinds:
        raise ValueError(f"a fault's kind is one of {', '.join(kinds)}, got {kind!r}")
    if stream not in ("up", "down"):
        raise ValueError(f"a fault's stream is up or down, got {stream!r}")
    allowed = FAULT_SETTINGS[FaultKind(kind)]
    _refuse_unknown(entry, {"kind", "stream", "at_s", *allowed})
    settings = {key: _number(entry, key) for key in allowed}
    for key, value in settings.items():
        if value is not None and value != int(value):
            raise ValueError(f"{key} must be a whole number, got {value!r}")
    return NetworkFault(
        kind=FaultKind(kind),
        upwards=stream == "up",
        at_s=_number(entry, "at_s") or 0.0,
        settings={key: int(value) for key, value in settings.items() if value is not None},
    )


def _entries(table: Mapping[str, object], key: str) -> list[dict[str, object]]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ValueError(f"{key} is a list of tables, written [[NAME.{key}]]")
    return value


def _refuse_unknown(table: Mapping[str, object], known: set[str]) -> None:
    if unknown := sorted(set(table) - known):
        raise ValueError(f"unknown key {', '.join(unknown)}")


def _pair(table: Mapping[str, object], key: str) -> tuple[float, float] | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{key} must be a pair such as [100, 300], got {value!r}")
    low, high = (_number({key: part}, key) for part in value)
    assert low is not None
    assert high is not None
    return low, high


def _number(table: Mapping[str, object], key: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{key} must be a number, got {value!r}")
    if value < 0:
        raise ValueError(f"{key} must not be negative, got {value!r}")
    return float(value)


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} must be text, got {value!r}")
    return sanitised(value)
