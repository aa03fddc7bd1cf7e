import pytest

from harness.dialects import MalformedMessage
from harness.dialects.lenient import as_json, decoded, flag, identifier, mapping, number, part, text


def test_a_field_of_another_kind_is_as_good_as_absent() -> None:
    fields = {"a": {"b": 1}, "c": None, "d": "x"}
    assert part(fields, "a") == mapping({"b": 1}) == {"b": 1}
    assert part(fields, "c") == part(fields, "d") == part(fields, "e") == mapping([1]) == {}
    assert [text(value) for value in ("x", 1, None, ["x"], True)] == ["x", "", "", "", ""]
    assert [flag(value) for value in (True, "False", " true ", 1, "yes")] == [
        True, False, True, None, None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (12, 12), ("12", 12), (11.6, 12), ("1e3", 1_000), (True, None), (None, None), ("x", None),
        ([12], None), (1e308, None), ("inf", None), (float("nan"), None), (10**400, None),
    ],
)  # fmt: skip
def test_numbers_may_be_text_or_fractions_but_not_beyond_reason(
    value: object, whole: int | None
) -> None:
    assert number(value) == whole


def test_identifiers_may_be_numbers_and_what_is_shown_is_json() -> None:
    assert [identifier(value) for value in ("a", 7, 1.5, True, None)] == ["a", "7", "1.5", "", ""]
    assert as_json({"a": [1]}) == '{"a":[1]}'
    assert as_json("a\nb") == "a b"


def test_what_is_no_json_even_leniently_is_malformed() -> None:
    assert decoded(b'\xef\xbb\xbf{"a": NaN}\0') is not None
    for message in (b"", b"{", b"a", b'{"a":}'):
        with pytest.raises(MalformedMessage):
            decoded(message)
