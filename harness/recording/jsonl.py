"""Records as JSON lines: strict when read, with one torn line allowed where a kill leaves it."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from harness.errors import BadInput

Record = TypeVar("Record")

# Their lines stay in the processor's cache.
_AT_ONCE = 100
_encoder = msgspec.json.Encoder()
_OBJECT_HINT = "Read the run with the version of harness that wrote it, if the file is whole"
_LINE_HINT = "Take the line out, or read the run with the version of harness that wrote it"


def encode_lines(records: Iterable[object]) -> bytes:
    """Encode records of `harness.model`, one JSON object a line.

    Also the form in which workers send records to the master.
    """
    return b"".join(_encoder.encode(record) + b"\n" for record in records)


def decode_lines(data: bytes, kind: type[Record], where: str) -> tuple[Record, ...]:
    """Decode what `encode_lines` wrote.

    Args:
        data: The lines. A last line that was torn off in writing (it has no line end and is not
            JSON) is left out.
        kind: Class of the records.
        where: What an error calls the source, usually the file.

    Raises:
        BadInput: A line is not JSON, has a field that is unknown, missing or of the wrong type,
            or breaks a rule of its class.
    """
    decoder = msgspec.json.Decoder(kind)
    with _without_collection():
        as_written = _all_at_once(data, decoder)
        if as_written is not None:
            return tuple(as_written)
        *whole, last = data.split(b"\n")
        records = [
            _decode(line, decoder, where, number) for number, line in enumerate(whole, start=1)
        ]
        if last and not _is_torn(last):
            records.append(_decode(last, decoder, where, len(whole) + 1))
    return tuple(records)


def _all_at_once(data: bytes, decoder: msgspec.json.Decoder[Record]) -> list[Record] | None:
    """Decode lines that encode to the same bytes again; `None` where one of them does not.

    What we wrote ourselves does. Which other line has what is wrong takes a look at each.
    """
    try:
        records = decoder.decode_lines(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return records if _encode_to(data, records) else None


def _encode_to(data: bytes, records: list[Record]) -> bool:
    """Return whether records encode to these lines, some at a time: all would take fresh memory."""
    at = 0
    for first in range(0, len(records), _AT_ONCE):
        lines = _encoder.encode_lines(records[first : first + _AT_ONCE])
        if not data.startswith(lines, at):
            return False
        at += len(lines)
    return at == len(data)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Put garbage collection off: it would walk over all records again and again, for nothing."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def decode_object(data: bytes, kind: type[Record], where: str) -> Record:
    """Decode one JSON object as strictly as a line.

    Raises:
        BadInput: As for `decode_lines`.
    """
    return _decode(data, msgspec.json.Decoder(kind), where)


def _decode(
    line: bytes, decoder: msgspec.json.Decoder[Record], where: str, number: int | None = None
) -> Record:
    """Decode one object; `number` is that of its line, where it stands in one."""
    place, hint = (
        (where, _OBJECT_HINT) if number is None else (f"{where}, line {number}", _LINE_HINT)
    )
    try:
        record = decoder.decode(line)
    except msgspec.ValidationError as error:
        raise BadInput(f"is not what belongs here: {error}", where=place, hint=hint) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"is not JSON: {error}", where=place, hint=hint) from error
    # What we wrote ourselves encodes to the same bytes; only other lines need a closer look.
    if _encoder.encode(record) != line:
        unknown = next(
            _unknown_fields(msgspec.json.decode(line), msgspec.to_builtins(record)), None
        )
        if unknown is not None:
            raise BadInput(f"has an unknown field `{unknown}`", where=place, hint=hint)
    return record


def _unknown_fields(raw: Any, known: Any, at: str = "") -> Iterator[str]:
    """Yield paths of fields in `raw` that its decoded form `known` does not have."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for name, value in raw.items():
            if name in known:
                yield from _unknown_fields(value, known[name], f"{at}{name}.")
            else:
                yield f"{at}{name}"
    elif isinstance(raw, list) and isinstance(known, (list, tuple)):
        for value, decoded in zip(raw, known, strict=True):
            yield from _unknown_fields(value, decoded, at)


def _is_torn(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
    return False
