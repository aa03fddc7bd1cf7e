"""The session of the user's own, from a file, a target or a user class, checked.

Whatever holds a secret is refused: a session stands in the manifest and goes to other processes.
"""

import argparse
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.dialects import SessionWishes
from harness.environment import holds_secret
from harness.errors import SECRET_LEAST_CHARS, BadInput, resembles_key, sanitised
from harness.load.options import is_name_of_secret

_HINT = 'Write it as {"instructions": …, "audio": {…}}, as in session.update'
# More than any API takes, and than messages between processes should carry.
_MOST_BYTES = 1_000_000
_DEEPEST = 50


def resolve_sessions(parsed: argparse.Namespace) -> None:
    """Put the contents of the session files of command line and target into `parsed`.

    Workers on other machines do not have the files.

    Raises:
        BadInput: A file cannot be read, is no object or holds a secret.
    """
    for name, flag in (("session", "--session"), ("target_session", "session of the target")):
        given: str = getattr(parsed, name, "")
        if given and not given.lstrip().startswith("{"):
            setattr(parsed, name, read_session(Path(given), f"{flag} {given}").text)


def read_session(path: Path, where: str) -> SessionWishes:
    """Return the session in a file, in TOML where its name says so, else in JSON.

    Raises:
        BadInput: It cannot be read, is no object or holds a secret.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadInput("no such file", where=where) from None
    except OSError as error:
        raise BadInput(f"cannot be read ({type(error).__name__})", where=where) from error
    if len(data) > _MOST_BYTES:
        raise BadInput(f"is larger than {_MOST_BYTES // 1000} kB", where=where)
    kind = "TOML" if path.suffix.lower() == ".toml" else "JSON"
    try:
        text = data.decode("utf-8-sig")
        held = tomllib.loads(text) if kind == "TOML" else json.loads(text)
    except ValueError as error:
        # The words of these parsers quote nothing of the file.
        words = "is no text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise BadInput(f"is no {kind}: {sanitised(words)}", where=where, hint=_HINT) from None
    except RecursionError:
        raise BadInput("is nested too deeply", where=where) from None
    # A session may stand in a whole event, as documentation shows it.
    if isinstance(held, dict) and held.get("type") == "session.update" and "session" in held:
        held = held["session"]
    return session_from(held, where)


def session_from(held: Any, where: str) -> SessionWishes:
    """Return a session that was given as an object.

    Args:
        held: The object.
        where: What to call it in messages.

    Raises:
        BadInput: It is none, holds what JSON cannot say, or a secret.
    """
    if not isinstance(held, Mapping):
        raise BadInput("is no object", where=where, hint=_HINT)
    try:
        for path, value in _texts(held, "", 0):
            if _is_secret(path, value):
                name = f"{path} looks like a secret" if path else "holds a secret in a name"
                raise BadInput(
                    f"{sanitised(name)}; keys belong into the environment, not into a session",
                    where=where,
                    hint="Take it out: a session stands in files and reports",
                )
        return SessionWishes.of(held, where)
    except (TypeError, ValueError, OverflowError) as error:
        words = f"holds what JSON cannot say ({sanitised(error)})"
        raise BadInput(words, where=where) from None
    except RecursionError:
        raise BadInput("is nested too deeply", where=where) from None


def _texts(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield every text of an object with its path; names are texts without a path."""
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield "", str(name)
            yield from _texts(inner, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{index}]", depth + 1)


def _is_secret(path: str, value: str) -> bool:
    word = value.strip()
    named = is_name_of_secret(path.rpartition(".")[2]) and " " not in word
    return (
        holds_secret(value) or resembles_key(value) or (named and len(word) >= SECRET_LEAST_CHARS)
    )
