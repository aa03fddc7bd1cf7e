"""The options of a run, before anything is started."""

import pytest

from harness.cli.run_options import checked_options
from harness.errors import BadInput


def test_a_run_without_an_address_is_one_of_the_simulator() -> None:
    parsed, options, address = checked_options(["--calls", "3"], None, "90s")
    assert (parsed.calls, parsed.run_time, address) == (3, "90s", None)
    assert options.calls == 3
    assert checked_options([], "ws://127.0.0.1:9", None)[2] == "ws://127.0.0.1:9"


@pytest.mark.parametrize(
    ("words", "host", "what"),
    [
        (["--network", "lte_god"], None, "lte_god"),
        (["--session", "/no/such.json"], None, "no such file"),
        ([], "nobody", "no such target"),
    ],
)
def test_what_no_run_can_be_made_with_is_refused(
    words: list[str], host: str | None, what: str
) -> None:
    with pytest.raises(BadInput, match=what):
        checked_options(words, host, None)
