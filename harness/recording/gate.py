"""The schema of a gate's verdict."""

from harness.model.gate_document import GateDocument, GateRefusal
from harness.recording.json_schema import schema_of


def gate_schema() -> bytes:
    """Return the JSON schema of what `harness gate --json` writes: `docs/gate.schema.json`."""
    return schema_of(GateDocument, GateRefusal)
