import pytest

from harness.dialects import DEFAULT_DIALECT, DIALECTS, OpenAIRealtime, find_dialect
from harness.errors import BadInput


def test_the_default_is_one_of_the_table() -> None:
    assert isinstance(find_dialect(DEFAULT_DIALECT), OpenAIRealtime)


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(BadInput, match=f"--dialect: .*{', '.join(DIALECTS)}"):
        find_dialect("nobody")
