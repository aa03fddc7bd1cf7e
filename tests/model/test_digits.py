import pytest

from harness.model import are_digits, digits_id, digits_of


@pytest.mark.parametrize("keys", ["1", "0123456789*#ABCD", "1w2", "1www#", "9" * 64])
def test_keys_are_digits_and_pauses_between_them(keys: str) -> None:
    assert are_digits(keys)
    assert digits_of(digits_id(keys)) == keys


@pytest.mark.parametrize("keys", ["", "w1", "1w", "E", "1 2", "1\n", "+49", "9" * 65])
def test_anything_else_is_not(keys: str) -> None:
    assert not are_digits(keys)


def test_an_utterance_that_is_spoken_presses_no_keys() -> None:
    assert digits_of("synthetic-01") == ""
