import pytest

from harness.dialects.carriers.agent_frames import (
    Config,
    Failure,
    Finish,
    Message,
    Result,
    code_of,
    decode,
    failure_of,
    finish_of,
    format_of,
    kind_of,
)
from harness.model import AudioFormat

PROPOSED = AudioFormat(16_000)


def test_a_format_is_what_was_proposed_unless_another_is_declared_whole() -> None:
    assert format_of(None, PROPOSED) == PROPOSED
    declared = Config("LINEAR_PCM", 24_000, 16, 1)
    assert format_of(declared, PROPOSED) == AudioFormat(24_000)
    assert format_of(Config("LINEAR_PCM", "8000", 16.0, "1"), PROPOSED) == AudioFormat(8_000)


@pytest.mark.parametrize(
    "config",
    [
        Config(),
        Config("LINEAR_PCM", 24_000, 8, 1),
        Config("LINEAR_PCM", 24_000, 16, 2),
        Config("MULAW", 8_000, 16, 1),
        Config("LINEAR_PCM", None, 16, 1),
        Config("LINEAR_PCM", 2**70, 16, 1),
    ],
)
def test_a_format_that_connect_does_not_know_is_none(config: Config) -> None:
    assert format_of(config, PROPOSED) is None


@pytest.mark.parametrize(
    ("value", "code"), [(424, "424"), (424.0, "424"), ("424", "424"), ("BUSY", "BUSY"), (None, "")]
)
def test_a_code_is_told_without_the_fraction_that_an_sdk_gives_it(
    value: int | float | str | None, code: str
) -> None:
    assert code_of(value) == code


def test_explicit_nulls_are_as_good_as_absent() -> None:
    text = b'{"id":null,"result":{"message":{"contextId":null,"metadata":null,"parts":[]}}}'
    result = decode(text).result
    assert isinstance(result, Result)
    said = result.message
    assert said == Message()
    assert kind_of(said.metadata) == ""
    assert (failure_of(said), finish_of(said)) == (Failure(), Finish())
    assert decode(b'{"result":null}').result is None
