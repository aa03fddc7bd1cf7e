"""The calls themselves, over loopback."""

import os
import select
import socket
import sys
import time

import pytest

from harness.transport.system_calls import StampedReads, kernel_stamps, new_socket, send

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps")


def connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = new_socket(socket.AF_INET, socket.SOCK_STREAM, 0)
        ours.connect_ex(listener.getsockname())
        theirs, _ = listener.accept()
    return ours, theirs


def wait_for(sock: socket.socket) -> None:
    assert select.select([sock.fileno()], [], [], 10)[0]


def test_what_is_sent_arrives_and_an_end_is_no_bytes() -> None:
    ours, theirs = connected()
    assert send(ours.fileno(), b"a\0b") == 3
    assert theirs.recv(10) == b"a\0b"
    reads = StampedReads(4)
    with pytest.raises(BlockingIOError):
        reads.receive(ours.fileno())
    theirs.sendall(b"c\0defg")
    wait_for(ours)
    assert reads.receive(ours.fileno()) == (b"c\0de", None)
    assert reads.receive(ours.fileno()) == (b"fg", None)
    theirs.close()
    wait_for(ours)
    assert reads.receive(ours.fileno()) == (b"", None)
    ours.close()


def test_a_full_socket_takes_what_fits_and_then_nothing() -> None:
    ours, theirs = connected()
    data = b"x" * 2**24
    taken = send(ours.fileno(), data)
    assert 0 < taken < len(data)
    while more := send(ours.fileno(), data):
        taken += more
    theirs.close()
    ours.close()


def test_a_broken_connection_raises_what_the_system_says() -> None:
    ours, theirs = connected()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    theirs.close()
    wait_for(ours)
    with pytest.raises(ConnectionResetError):
        StampedReads(10).receive(ours.fileno())
    with pytest.raises(BrokenPipeError):
        send(ours.fileno(), b"x")
    ours.close()


def test_the_kernel_stamps_by_wall_time() -> None:
    assert kernel_stamps()
    ours, theirs = connected()
    ours.setsockopt(socket.SOL_SOCKET, 64, 1)
    reads, stamp_ns = StampedReads(10), None
    # It begins to stamp a moment after the first socket has asked for it.
    for _ in range(1_000):
        before_ns = time.time_ns()
        theirs.sendall(b"x")
        wait_for(ours)
        _, stamp_ns = reads.receive(ours.fileno())
        if stamp_ns is not None:
            break
    assert stamp_ns is not None
    assert before_ns <= stamp_ns <= time.time_ns()
    ours.close()
    theirs.close()


def test_descriptors_do_not_leak() -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        kernel_stamps()
    assert len(os.listdir("/proc/self/fd")) == before
