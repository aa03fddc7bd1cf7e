from pathlib import Path

import msgspec

from harness.analysis.against import compare_targets
from harness.model.against_document import AgainstDocument
from harness.recording.against import against_schema, write_against
from tests.analysis.test_against import a_run, target

DOCUMENTED = Path(__file__).parents[2] / "docs" / "against.schema.json"


def test_the_documented_schema_is_that_of_the_types() -> None:
    assert msgspec.json.decode(DOCUMENTED.read_bytes()) == msgspec.json.decode(against_schema()), (
        "write it anew: python -c 'from harness.recording.against import against_schema;"
        ' print(against_schema().decode(), end="")\' > docs/against.schema.json'
    )


def test_a_document_is_read_back_as_it_was(tmp_path: Path) -> None:
    held = target("a", a_run(0.0)), target("b", a_run(90.0))
    found = compare_targets(held, rounds_planned=1, transcripts={"u0": "good morning"})
    write_against(tmp_path / "against.json", found)
    data = (tmp_path / "against.json").read_bytes()
    assert msgspec.json.decode(data, type=AgainstDocument) == found
    assert b"Infinity" not in data
