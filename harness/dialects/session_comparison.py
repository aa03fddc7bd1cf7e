"""What was asked of a session beside what the server confirmed, setting by setting.

Compared is what was asked for: a server's additions, such as its own defaults, are no difference.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from harness.errors import server_words
from harness.model import SettingAnswer

# Settings beyond are summed up in one row, and values are cut off: a file may hold anything.
MOST_SETTINGS = 60
_VALUE_LIMIT_CHARS = 80
_DEEPEST = 8
# What every name of a setting would begin with.
_PARTS = ("audio.input.", "audio.output.")
# The preview of 2024 had a flat session, with other names.
_FLAT = {
    "audio.input.turn_detection": "turn_detection",
    "audio.input.transcription": "input_audio_transcription",
    "audio.input.noise_reduction": "input_audio_noise_reduction",
    "audio.output.voice": "voice",
    "audio.output.speed": "speed",
    "output_modalities": "modalities",
    "max_output_tokens": "max_response_output_tokens",
}
_MISSING = object()
_TEXTS = ("instructions", "prompt", "description")


def compare(asked: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[SettingAnswer, ...]:
    """Return a row for each setting that was asked for, in order.

    Args:
        asked: Fields of a session.
        told: The session as the server confirmed it.
    """
    rows: list[SettingAnswer] = []
    for path, value, answer in _leaves("", asked, told, told):
        if len(rows) == MOST_SETTINGS:
            rows.append(
                SettingAnswer(name="further settings", asked="…", acknowledged=None, differs=False)
            )
            break
        known = answer is not _MISSING
        rows.append(
            SettingAnswer(
                name=setting_name(path),
                asked=_shown(path, value),
                acknowledged=_shown(path, answer) if known else None,
                differs=known and not _same(value, answer),
            )
        )
    return tuple(rows)


def difference_words(row: SettingAnswer) -> str:
    """Return a difference in words."""
    return f"{row.name} is {row.acknowledged}, asked for {row.asked}"


def setting_name(path: str) -> str:
    """Return a setting's name as it is shown."""
    return next((path.removeprefix(part) for part in _PARTS if path.startswith(part)), path)


def _leaves(
    path: str, asked: Any, told: Any, whole: Mapping[str, Any], depth: int = 0
) -> Iterator[tuple[str, Any, Any]]:
    """Yield path, asked and confirmed value of everything that is not an object itself."""
    if isinstance(asked, Mapping) and asked and depth < _DEEPEST:
        if told is not _MISSING and told is not None and not isinstance(told, Mapping):
            yield path, asked, told
            return
        for name, value in asked.items():
            below = f"{path}.{name}" if path else str(name)
            yield from _leaves(below, value, _found(below, name, told, whole), whole, depth + 1)
    elif path.rpartition(".")[2] == "tools" and _are_named(asked):
        yield from _named(path, asked, told, whole, depth)
    else:
        yield path, asked, told


def _found(path: str, name: str, told: Any, whole: Mapping[str, Any]) -> Any:
    if isinstance(told, Mapping) and name in told:
        return told[name]
    if told is None:
        # The whole object was taken away.
        return None
    return whole.get(_FLAT.get(path, ""), _MISSING)


def _are_named(tools: Any) -> bool:
    return isinstance(tools, Sequence) and all(
        isinstance(tool, Mapping) and isinstance(tool.get("name"), str) for tool in tools
    )


def _named(
    path: str, asked: Any, told: Any, whole: Mapping[str, Any], depth: int
) -> Iterator[tuple[str, Any, Any]]:
    """Yield tools, which are told apart by their names."""
    if not isinstance(told, Sequence) or isinstance(told, str):
        yield path, [tool["name"] for tool in asked], told
        return
    known = {tool.get("name"): tool for tool in told if isinstance(tool, Mapping)}
    names = [tool["name"] for tool in asked]
    yield path, names, [name for name in names if name in known]
    for tool in asked:
        if tool["name"] in known:
            below = f"{path}.{tool['name']}"
            yield from _leaves(below, tool, known[tool["name"]], whole, depth + 1)


def _same(asked: Any, told: Any) -> bool:
    """Return whether a server confirmed a value; of objects, what was asked for."""
    if isinstance(asked, bool) or isinstance(told, bool):
        return asked is told
    if isinstance(asked, int | float) and isinstance(told, int | float):
        # Servers keep numbers in single precision and hand them back.
        return math.isclose(asked, told, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(asked, Mapping) and isinstance(told, Mapping):
        return all(_same(value, told.get(name, _MISSING)) for name, value in asked.items())
    if isinstance(asked, list) and isinstance(told, list):
        return len(asked) == len(told) and all(map(_same, asked, told))
    return bool(asked == told)


def _shown(path: str, value: Any) -> str:
    """Return a value as it may be kept: the instructions themselves are not."""
    if isinstance(value, str) and path.rpartition(".")[2] in _TEXTS:
        return f"{len(value)} characters"
    words = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    words = server_words(words)
    return words if len(words) <= _VALUE_LIMIT_CHARS else words[: _VALUE_LIMIT_CHARS - 1] + "…"
