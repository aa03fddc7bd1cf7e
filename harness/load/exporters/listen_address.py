"""Where a server of ours is to listen, as a person writes it."""

from harness.errors import BadInput, sanitised

EVERYWHERE = "0.0.0.0"  # noqa: S104 - as Locust's own page, unless an address is given
_MOST = 65_535


def parse_listen_address(text: str, option: str) -> tuple[str, int] | None:
    """Return address and port of `PORT` or `ADDRESS:PORT`; `None` for an empty text.

    Args:
        text: What was given.
        option: The option it was given with.

    Raises:
        BadInput: It names no port.
    """
    if not text:
        return None
    address, colon, port = text.strip().rpartition(":")
    number = int(port) if port.isascii() and port.isdecimal() else 0
    if not 0 < number <= _MOST or (colon and not address):
        raise BadInput(
            "is not a port to listen on",
            where=sanitised(f"{option} {text}"),
            hint="Give a number from 1 to 65535, or ADDRESS:PORT",
        )
    return address.strip("[]") or EVERYWHERE, number
