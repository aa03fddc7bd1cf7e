import itertools
import socket

from harness.network.ports import FIRST_PORT, LAST_PORT, candidate_ports, is_free


def test_every_port_of_the_range_comes_once_before_any_comes_again() -> None:
    span = LAST_PORT - FIRST_PORT + 1
    round_of_ports = list(itertools.islice(candidate_ports(), span))
    assert sorted(round_of_ports) == list(range(FIRST_PORT, LAST_PORT + 1))


def test_runs_side_by_side_seldom_start_at_the_same_port() -> None:
    assert len({next(candidate_ports()) for _ in range(20)}) > 10


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not is_free(taken.getsockname()[1])


def test_a_port_nobody_listens_on_is_found_free() -> None:
    assert any(is_free(port) for port in itertools.islice(candidate_ports(), 100))
