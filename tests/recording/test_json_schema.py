from dataclasses import dataclass

import msgspec

from harness.recording.json_schema import schema_of


@dataclass
class One:
    """The first.

    More that nobody needs.
    """

    value: float | None


@dataclass
class Other:
    why: str


def test_types_are_described_by_their_first_sentence() -> None:
    schema = msgspec.json.decode(schema_of(One))
    assert schema["$ref"] == "#/$defs/One"
    assert schema["$defs"]["One"]["description"] == "The first."
    assert schema["$defs"]["One"]["required"] == ["value"]


def test_a_document_may_be_of_one_of_several_types() -> None:
    schema = msgspec.json.decode(schema_of(One, Other))
    assert schema["anyOf"] == [{"$ref": "#/$defs/One"}, {"$ref": "#/$defs/Other"}]
    assert set(schema["$defs"]) == {"One", "Other"}
