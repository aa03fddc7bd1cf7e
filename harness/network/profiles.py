"""Network profiles from TOML: those that are shipped, and a user's own."""

import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from harness.errors import BadInput, printable
from harness.model import Direction, NetworkProfile

_NUMBERS = ("rtt_ms", "jitter_ms", "up_kbit_s", "down_kbit_s")
_TEXTS = ("source", "note")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LEFT_OUT = "latency, jitter and bandwidth only; packet loss is not emulated"


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
    profiles = _parse(shipped.read_text(encoding="utf-8"), "profiles.toml")
    if extra is not None:
        try:
            text = extra.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                f"cannot be read: {error}", where=str(extra), mend="Name a TOML file of profiles."
            ) from error
        profiles |= _parse(text, str(extra))
    return profiles


def choose_profile(profiles: Mapping[str, NetworkProfile], name: str) -> NetworkProfile:
    """Return the profile called `name`.

    Raises:
        BadInput: There is none; the message has the nearest names.
    """
    if name in profiles:
        return profiles[name]
    near = difflib.get_close_matches(name.lower(), profiles, n=3, cutoff=0.5)
    mend = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(profiles)}."
    raise BadInput("no network profile has this name", where=printable(name), mend=mend)


def _parse(text: str, where: str) -> dict[str, NetworkProfile]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(
            f"is not TOML: {error}", where=where, mend="Write one [table] for each profile."
        ) from error
    return {name: _profile(name, table, where) for name, table in tables.items()}


def _profile(name: str, table: object, where: str) -> NetworkProfile:
    """Make one profile of one table; every refusal names the file and the profile."""
    place = f"{where}, [{printable(name)}]"
    try:
        if name == "none" or not _NAME.fullmatch(name):
            raise ValueError(
                "a profile's name is up to 40 of a-z, 0-9, _ and -, and not `none`,"
                " which means no proxy at all"
            )
        if not isinstance(table, dict):
            raise ValueError("a profile is a table of its own, such as [my_wifi]")
        unknown = sorted(set(table) - {*_NUMBERS, *_TEXTS})
        if unknown:
            raise ValueError(f"unknown key {', '.join(unknown)}")
        return _from_keys(name, table)
    except ValueError as error:
        known = f"Known keys are {', '.join((*_NUMBERS, *_TEXTS))}."
        raise BadInput(str(error), where=place, mend=known) from error


def _from_keys(name: str, table: dict[str, object]) -> NetworkProfile:
    """Split the round trip in two; Toxiproxy knows whole milliseconds, an odd one goes up."""
    rtt_ms = _number(table, "rtt_ms")
    if rtt_ms is None:
        raise ValueError("rtt_ms is missing")
    jitter_ms = _number(table, "jitter_ms") or 0.0
    down_ms = float(math.floor(rtt_ms / 2))
    note = _text(table, "note")
    return NetworkProfile(
        name=name,
        up=Direction(
            delay_ms=rtt_ms - down_ms,
            jitter_ms=jitter_ms,
            rate_kbit_s=_number(table, "up_kbit_s"),
        ),
        down=Direction(
            delay_ms=down_ms, jitter_ms=jitter_ms, rate_kbit_s=_number(table, "down_kbit_s")
        ),
        source=_text(table, "source"),
        note=f"{note}; {_LEFT_OUT}" if note else _LEFT_OUT,
    )


def _number(table: dict[str, object], key: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{key} must be a number, got {value!r}")
    if value < 0:
        raise ValueError(f"{key} must not be negative, got {value!r}")
    return float(value)


def _text(table: dict[str, object], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} must be text, got {value!r}")
    return printable(value)
