import pytest

from harness.errors import BadInput
from harness.load.exporters.listen_address import parse_listen_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", None),
        ("9464", ("0.0.0.0", 9464)),
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_a_port_stands_alone_or_after_an_address(
    text: str, address: tuple[str, int] | None
) -> None:
    assert parse_listen_address(text, "--prometheus") == address


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", ":9464", "1.5", "127.0.0.1:", "٩"])
def test_what_names_no_port_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"--prometheus .*: is not a port to listen on"):
        parse_listen_address(text, "--prometheus")
