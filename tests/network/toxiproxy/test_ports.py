import itertools
import socket

import pytest

from harness.errors import BadInput
from harness.network import PORTS, parse_ports
from harness.network.toxiproxy.ports import FIRST_PORT, LAST_PORT, candidate_ports, is_free


def test_every_port_of_the_range_comes_once_before_any_comes_again() -> None:
    span = LAST_PORT - FIRST_PORT + 1
    round_of_ports = list(itertools.islice(candidate_ports(), span))
    assert sorted(round_of_ports) == list(range(FIRST_PORT, LAST_PORT + 1))


def test_a_range_of_ones_own_is_kept_to() -> None:
    assert parse_ports("") == PORTS
    ports = parse_ports(" 2000 - 2002")
    assert list(ports) == [2000, 2001, 2002]
    assert {next(candidate_ports(ports)) for _ in range(50)} <= {2000, 2001, 2002}
    assert list(itertools.islice(candidate_ports(parse_ports("5000-5000")), 2)) == [5000, 5000]


@pytest.mark.parametrize(
    "text", ["2000", "a-b", "3000-2000", "80-90", "1-2", "60000-70000", "-5-9"]
)
def test_what_is_no_range_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput, match="--toxiproxy-ports"):
        parse_ports(text)


def test_runs_side_by_side_seldom_start_at_the_same_port() -> None:
    assert len({next(candidate_ports()) for _ in range(20)}) > 10


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not is_free(taken.getsockname()[1])


def test_a_port_nobody_listens_on_is_found_free() -> None:
    assert any(is_free(port) for port in itertools.islice(candidate_ports(), 100))
