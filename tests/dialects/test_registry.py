import pytest

from harness.dialects import DEFAULT_DIALECT, DIALECTS, OpenAIRealtime, find_dialect
from harness.errors import BadInput


def test_the_default_is_one_of_the_table() -> None:
    assert isinstance(find_dialect(DEFAULT_DIALECT), OpenAIRealtime)


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(BadInput, match=f"--dialect: .*{', '.join(DIALECTS)}"):
        find_dialect("nobody")


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_sends_a_key_where_its_facts_say_so(name: str) -> None:
    dialect = find_dialect(name)
    shown = dialect.headers("a key", "wss://app.example/media")
    assert bool(shown) is dialect.facts.sends_key
    assert dialect.headers(None, "wss://app.example/media") == []
    assert bool(dialect.facts.key_variables) <= dialect.facts.sends_key
