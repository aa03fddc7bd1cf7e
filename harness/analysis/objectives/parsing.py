"""Objectives from a parsed `slo.toml`: every key is known, every value is checked, by name."""

import difflib
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.analysis.metrics import BY_NAME
from harness.analysis.objectives.objective import DIALECT, STRATA, Objective, Scale, Tolerance
from harness.analysis.objectives.quantities import (
    BUFFERS_MS,
    Attainment,
    Continuity,
    CostPerMinute,
    FailedChecks,
    FailureRate,
    Percentile,
    Quantity,
)
from harness.errors import BadInput, Party
from harness.model import TurnKind

CONFIDENCE = 0.95
"""Of every one-sided statement, unless the file says otherwise."""

_TOP = ("objective", "confidence")
_CONFIDENCES = (0.5, 0.9999)
_ON_ALL = ("primary", DIALECT, *STRATA)
# The key that tells one kind of objective from another, and what else the kind takes.
_KINDS: dict[str, tuple[str, ...]] = {
    "percentile": ("metric", "percentile", "limit_ms", "tolerance", "tolerance_ms"),
    "within_ms": ("metric", "within_ms", "share", "tolerance"),
    "failure_rate": ("failure_rate", "party", "tolerance"),
    "continuity": ("continuity", "buffer_ms", "tolerance"),
    "failed_checks": ("failed_checks", "check", "tolerance"),
    "cost_per_minute": ("cost_per_minute", "tolerance"),
}
_EXAMPLE = (
    'Write [[objective]] with metric = "voice_to_voice", percentile = 95 and limit_ms = 1500,'
    " or with failure_rate = 0.01"
)


@dataclass(frozen=True, slots=True)
class Objectives:
    """All objectives of a file.

    Attributes:
        objectives: In the file's order, at most one of them primary.
        confidence: Of every one-sided statement.
    """

    objectives: tuple[Objective, ...]
    confidence: float = CONFIDENCE


def parse_objectives(data: Mapping[str, Any], where: str) -> Objectives:
    """Read objectives from a parsed TOML file.

    Args:
        data: The parsed file: `confidence` and tables `[[objective]]`.
        where: What an error calls the file.

    Raises:
        BadInput: There is no objective, or one has an unknown key or an impossible value.
    """
    for key in sorted(set(data) - set(_TOP)):
        raise BadInput(
            f"has an unknown key `{key}`",
            where=where,
            hint=f"{_nearest(key, _TOP)}Known are [[objective]] and confidence",
        )
    tables = data.get("objective", [])
    if not isinstance(tables, list) or not tables:
        raise BadInput("has no objective", where=where, hint=_EXAMPLE)
    confidence = _number(data, "confidence", where) if "confidence" in data else CONFIDENCE
    if not _CONFIDENCES[0] <= confidence <= _CONFIDENCES[1]:
        raise BadInput(f"`confidence` is {confidence:g}", where=where, hint="Give 0.95 for 95 %")
    parsed = tuple(
        _objective(table, f"{where}, objective {number}")
        for number, table in enumerate(tables, start=1)
    )
    if sum(objective.primary for objective in parsed) > 1:
        raise BadInput(
            "has more than one primary objective",
            where=where,
            hint="One comparison decides; leave `primary` out of the others",
        )
    return Objectives(parsed, confidence)


def _objective(table: object, where: str) -> Objective:
    if not isinstance(table, dict):
        raise BadInput("is not a table", where=where, hint="Write [[objective]] above its keys")
    kind = next((kind for kind in _KINDS if kind in table), None)
    if kind is None:
        _unknown(table, {key for keys in _KINDS.values() for key in keys}, where)
        needed = (
            "`percentile` or `within_ms`"
            if "metric" in table
            else " or ".join(f"`{kind}`" for kind in _KINDS)
        )
        raise BadInput(f"has no {needed}", where=where, hint=_EXAMPLE)
    _unknown(table, _KINDS[kind], where)
    quantity, limit = _QUANTITIES[kind](table, where)
    tolerance = _tolerance(table, quantity, where)
    if limit is None and tolerance is None:
        raise BadInput(
            "has no `limit_ms`",
            where=where,
            hint="Give limit_ms, or tolerance to compare with a baseline",
        )
    primary = table.get("primary", False)
    if not isinstance(primary, bool) or (primary and tolerance is None):
        raise BadInput(
            f"`primary` is {primary!r}",
            where=where,
            hint="It is true or false, and true only beside a tolerance",
        )
    return Objective(
        quantity=quantity,
        limit=limit,
        tolerance=tolerance,
        where=_where(table, where),
        primary=primary,
    )


def _percentile(table: Mapping[str, Any], where: str) -> tuple[Quantity, float | None]:
    metric = _metric(table, where)
    percent = _number(table, "percentile", where)
    if not 0 < percent < 100:
        raise BadInput(
            f"`percentile` is {percent:g}", where=where, hint="Give a number between 0 and 100"
        )
    limit = _number(table, "limit_ms", where) if "limit_ms" in table else None
    return Percentile(metric, percent), limit


def _attainment(table: Mapping[str, Any], where: str) -> tuple[Quantity, float | None]:
    quantity = Attainment(_metric(table, where), _number(table, "within_ms", where))
    return quantity, _share(table, "share", where)


def _failure_rate(table: Mapping[str, Any], where: str) -> tuple[Quantity, float | None]:
    name = table.get("party")
    parties = [party.value for party in Party if party is not Party.OURS]
    if name is not None and name not in parties:
        raise BadInput(
            f"`party` is {name!r}",
            where=where,
            hint=f"Known are {', '.join(parties)}; our own failures decide whether a run is valid",
        )
    return FailureRate(None if name is None else Party(name)), _share(table, "failure_rate", where)


def _continuity(table: Mapping[str, Any], where: str) -> tuple[Quantity, float | None]:
    buffer_ms = table.get("buffer_ms", BUFFERS_MS[1])
    if isinstance(buffer_ms, bool) or buffer_ms not in BUFFERS_MS:
        known = ", ".join(map(str, BUFFERS_MS))
        raise BadInput(f"`buffer_ms` is {buffer_ms!r}", where=where, hint=f"Records hold {known}")
    return Continuity(int(buffer_ms)), _share(table, "continuity", where)


def _failed_checks(table: Mapping[str, Any], where: str) -> tuple[Quantity, float | None]:
    what = table.get("check")
    if what is not None and not isinstance(what, str):
        raise BadInput("`check` is not text", where=where, hint="Give the words of one check")
    return FailedChecks(what), _share(table, "failed_checks", where)


def _cost(table: Mapping[str, Any], where: str) -> tuple[Quantity, float | None]:
    return CostPerMinute(), _number(table, "cost_per_minute", where)


_QUANTITIES = {
    "percentile": _percentile,
    "within_ms": _attainment,
    "failure_rate": _failure_rate,
    "continuity": _continuity,
    "failed_checks": _failed_checks,
    "cost_per_minute": _cost,
}


def _tolerance(table: Mapping[str, Any], quantity: Quantity, where: str) -> Tolerance | None:
    if "tolerance" in table and "tolerance_ms" in table:
        raise BadInput(
            "has two tolerances", where=where, hint="Give either tolerance or tolerance_ms"
        )
    if "tolerance_ms" in table:
        return Tolerance(_number(table, "tolerance_ms", where), Scale.DIFFERENCE)
    if "tolerance" not in table:
        return None
    size = _share(table, "tolerance", where)
    ratio = isinstance(quantity, Percentile | CostPerMinute)
    return Tolerance(size, Scale.RATIO if ratio else Scale.DIFFERENCE)


def _where(table: Mapping[str, Any], where: str) -> tuple[tuple[str, str], ...]:
    """Return the part of the turns, with the fact of the whole run first."""
    chosen = []
    for key in (DIALECT, *STRATA):
        value = table.get(key)
        if value is None:
            continue
        if not isinstance(value, str):
            raise BadInput(f"`{key}` is not text", where=where, hint="Give the name of one")
        if key == "kind" and value not in list(TurnKind):
            raise BadInput(
                f"`kind` is {value!r}",
                where=where,
                hint=f"{_nearest(value, list(TurnKind))}Known are {', '.join(TurnKind)}",
            )
        chosen.append((key, value))
    return tuple(chosen)


def _metric(table: Mapping[str, Any], where: str) -> str:
    name = table.get("metric")
    if name is None:
        raise BadInput("has no `metric`", where=where, hint=_EXAMPLE)
    if not isinstance(name, str) or name not in BY_NAME:
        raise BadInput(
            f"does not know the metric {name!r}",
            where=where,
            hint=f"{_nearest(str(name), BY_NAME)}Known are {', '.join(BY_NAME)}",
        )
    return name


def _unknown(table: Mapping[str, Any], keys: Collection[str], where: str) -> None:
    known = sorted({*keys, *_ON_ALL})
    for key in sorted(set(table) - set(known)):
        raise BadInput(
            f"has an unknown key `{key}`",
            where=where,
            hint=f"{_nearest(key, known)}Known here are {', '.join(known)}",
        )


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return a question after the nearest known name, in front; empty where none is near."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"Did you mean {near[0]}? " if near else ""


def _share(table: Mapping[str, Any], key: str, where: str) -> float:
    value = _number(table, key, where)
    if value > 1:
        raise BadInput(f"`{key}` is {value:g}", where=where, hint="Give a share: 0.01 for 1 %")
    return value


def _number(table: Mapping[str, Any], key: str, where: str) -> float:
    if key not in table:
        raise BadInput(f"has no `{key}`", where=where, hint=_EXAMPLE)
    value = table[key]
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not math.isfinite(value) or value < 0:
        raise BadInput(
            f"`{key}` is {value!r}", where=where, hint="Give a number that is not negative"
        )
    return float(value)
