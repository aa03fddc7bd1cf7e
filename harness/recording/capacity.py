"""Reading the result of a capacity search back."""

from pathlib import Path

import msgspec

from harness.errors import BadInput
from harness.model.capacity_document import CAPACITY_SCHEMA, CapacityDocument
from harness.recording import files

CAPACITY = "capacity.json"
_HINT = "Give the capacity.json that harness capacity wrote"


def read_capacity(path: Path) -> CapacityDocument:
    """Read a `capacity.json`.

    Raises:
        BadInput: There is none, or it is not the result of a search.
    """
    data = files.read_bytes(path)
    if data is None:
        raise BadInput("there is no such file", where=str(path), hint=_HINT)
    try:
        found = msgspec.json.decode(data, type=CapacityDocument)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput("is not the result of a search", where=str(path), hint=_HINT) from error
    if found.schema != CAPACITY_SCHEMA:
        raise BadInput(
            f"has schema {found.schema}, this version reads {CAPACITY_SCHEMA}",
            where=str(path),
            hint=_HINT,
        )
    return found


def capacity_of(run: Path) -> CapacityDocument | None:
    """Return the result of the search that a run was a step of, or that lies beside its records.

    Args:
        run: The run's folder.

    Returns:
        `None` where there is none, as while the search goes on.
    """
    for path in (run / CAPACITY, run.resolve().parent / CAPACITY):
        if path.is_file():
            return read_capacity(path)
    return None
