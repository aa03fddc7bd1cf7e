"""JSON schemas of documents that other programs read, generated from the documents' types."""

from typing import Any

import msgspec

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(*kinds: type) -> bytes:
    """Return the JSON schema of a document that is of one of these types.

    Types are described by the first sentence of their docstrings.
    """
    references, types = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    for described in types.values():
        if "description" in described:
            described["description"] = described["description"].partition("\n")[0]
    of: dict[str, Any] = references[0] if len(references) == 1 else {"anyOf": references}
    schema = {"$schema": _DIALECT, **of, "$defs": types}
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"
