"""The set against sockets that are ready, and those that are not."""

import select
import socket
import sys

import pytest

from harness.transport.epoll import READ, WRITE, Epoll

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


def test_it_names_all_that_is_ready_and_nothing_else() -> None:
    watched = Epoll()
    # More than there is room for at first.
    pairs = [socket.socketpair() for _ in range(150)]
    for ours, _ in pairs:
        watched.watch(ours.fileno(), READ)
    assert watched.ready() == []
    for _, theirs in pairs[::2]:
        theirs.send(b"x")
    assert sorted(watched.ready()) == sorted((READ, ours.fileno()) for ours, _ in pairs[::2])
    assert select.select([watched.fileno], [], [], 0)[0]
    for ours, theirs in pairs:
        watched.forget(ours.fileno())
        ours.close()
        theirs.close()
    assert watched.ready() == []
    watched.close()
    watched.close()


def test_what_is_wanted_can_change_and_an_end_can_be_read() -> None:
    watched = Epoll()
    ours, theirs = socket.socketpair()
    watched.watch(ours.fileno(), READ | WRITE)
    assert watched.ready() == [(WRITE, ours.fileno())]
    watched.watch(ours.fileno(), READ)
    assert watched.ready() == []
    theirs.close()
    ((events, fileno),) = watched.ready()
    assert (bool(events & READ), fileno) == (True, ours.fileno())
    watched.forget(ours.fileno())
    watched.forget(ours.fileno())
    ours.close()
    watched.close()


def test_what_cannot_be_watched_says_so() -> None:
    watched = Epoll()
    with pytest.raises(OSError, match="Bad file descriptor"):
        watched.watch(1_000_000, READ)
    watched.close()
