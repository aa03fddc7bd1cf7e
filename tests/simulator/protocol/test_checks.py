"""What each check accepts, what it refuses, and the path it names."""

from typing import Any

import pytest

from harness.simulator.protocol.checks import (
    Check,
    by_type,
    check_fields,
    fields,
    flag,
    listing,
    mapping,
    nullable,
    number,
    one_of,
    text,
)
from harness.simulator.protocol.refusals import Refused

VAD = by_type(server_vad={"threshold": number(0, 1)}, semantic_vad={"eagerness": text})


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (text, ["", "a"], [None, 1, ["a"]]),
        (flag, [True, False], [0, 1, "true", None]),
        (listing, [[], [1]], [{}, "ab", None]),
        (mapping, [{}, {"a": 1}], [[], "a", None]),
        (nullable(text), [None, "a"], [1]),
        (one_of("auto", None, 1), ["auto", None, 1], ["Auto", True, 1.0]),
        (number(0, 1), [0, 1, 0.5], [-0.1, 1.1, True, "1", None, float("nan")]),
        (number(1, 9, whole=True), [1, 9], [0, 10, 2.0, True]),
        (fields(a=flag), [{}, {"a": True}], [{"a": 1}, {"b": True}, [], None]),
        (
            VAD,
            [{}, {"threshold": 0.5}, {"type": "semantic_vad", "eagerness": "low"}],
            [{"type": "semantic_vad", "threshold": 0.5}, {"type": "none"}, {"type": []}, "vad"],
        ),
    ],
)
def test_a_check_takes_the_good_and_refuses_the_bad(
    check: Check, good: list[Any], bad: list[Any]
) -> None:
    for value in good:
        check(value, "session.x")
    for value in bad:
        with pytest.raises(Refused) as refused:
            check(value, "session.x")
        assert str(refused.value.param).startswith("session.x")


def test_the_path_leads_to_the_innermost_field() -> None:
    known = {"audio": fields(input=fields(rate=number(1, 2)))}
    with pytest.raises(Refused) as refused:
        check_fields({"audio": {"input": {"rate": 3}}}, known, "session")
    assert refused.value.param == "session.audio.input.rate"
    assert "from 1 to 2" in refused.value.message
