from pathlib import Path

import msgspec

from harness.recording.gate import gate_schema

DOCUMENTED = Path(__file__).parents[2] / "docs" / "gate.schema.json"


def test_the_documented_schema_is_that_of_the_types() -> None:
    assert msgspec.json.decode(DOCUMENTED.read_bytes()) == msgspec.json.decode(gate_schema()), (
        "write it anew: python -c 'from harness.recording.gate import gate_schema;"
        ' print(gate_schema().decode(), end="")\' > docs/gate.schema.json'
    )
