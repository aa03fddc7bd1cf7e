import pytest

from harness.bench.child_process import Child


def test_a_process_that_ends_is_told_and_not_waited_for() -> None:
    with Child("platform") as child, pytest.raises(RuntimeError, match="platform"):
        child.address()


def test_an_address_has_no_path(null_server: Child) -> None:
    scheme, _, rest = null_server.address().partition("://")
    assert scheme == "ws"
    assert rest.rpartition(":")[2].isdigit()
