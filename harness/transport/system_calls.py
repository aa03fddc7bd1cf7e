"""Sending and receiving without giving the interpreter away.

Python's sockets release the interpreter for every call. Each of these takes microseconds, and where
another thread is busy, one of some hundred times it is milliseconds until it is given back.
"""

import _socket
import ctypes
import os
import socket
import struct
import sys
from typing import cast

from harness.model import NS_PER_S

# SO_TIMESTAMPNS_NEW of asm-generic/socket.h (Linux 5.1): the kernel's wall time in nanoseconds,
# 64 bits wide on every machine. The note beside the bytes has the same number.
_STAMP_OPTION = 64
_NOTE = struct.Struct("@Nqqq")
_NOTE_KIND = int.from_bytes(struct.pack("@ii", socket.SOL_SOCKET, _STAMP_OPTION), sys.byteorder)
_SEND_FLAGS = getattr(socket, "MSG_NOSIGNAL", 0)

_libc = ctypes.PyDLL(None, use_errno=True)
_send = _libc.send
_send.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
_send.restype = ctypes.c_ssize_t
_recvmsg = _libc.recvmsg
_recvmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
_recvmsg.restype = ctypes.c_ssize_t


class _Buffer(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """`struct msghdr` as Linux has it."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("buffers", ctypes.c_void_p),
        ("buffers_count", ctypes.c_size_t),
        ("notes", ctypes.c_void_p),
        ("notes_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


def new_socket(family: int, kind: int, protocol: int) -> socket.socket:
    """Return a non-blocking socket of Python's own.

    Where gevent has replaced `socket.socket`, what comes of that is for greenlets only.

    Raises:
        OSError: There is none of this kind, or no more files may be opened.
    """
    sock = _socket.socket(family, kind, protocol)
    sock.setblocking(False)
    return cast("socket.socket", sock)


def ask_for_stamps(sock: socket.socket) -> bool:
    """Ask the kernel to stamp what a socket receives; return whether it will."""
    if sys.platform != "linux":
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, _STAMP_OPTION, 1)
    except OSError:
        return False
    return True


def kernel_stamps() -> bool:
    """Return whether this system's kernel stamps what a TCP socket receives."""
    sock = new_socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    try:
        return ask_for_stamps(sock)
    finally:
        sock.close()


def send(fileno: int, data: bytes) -> int:
    """Return how many bytes a non-blocking socket accepted.

    Raises:
        OSError: The connection is broken.
    """
    accepted: int = _send(fileno, data, len(data), _SEND_FLAGS)
    if accepted < 0:
        number = ctypes.get_errno()
        error = OSError(number, os.strerror(number))
        if isinstance(error, BlockingIOError | InterruptedError):
            return 0
        raise error
    return accepted


class StampedReads:
    """Reads from non-blocking sockets that were asked for stamps, by one buffer for all of them.

    Args:
        most_bytes: The most that one read returns.
    """

    def __init__(self, most_bytes: int) -> None:
        self._bytes = ctypes.create_string_buffer(most_bytes)
        self._notes = ctypes.create_string_buffer(2 * _NOTE.size)
        self._room = len(self._notes)
        self._buffer = _Buffer(ctypes.addressof(self._bytes), most_bytes)
        self._message = _Message(
            buffers=ctypes.addressof(self._buffer),
            buffers_count=1,
            notes=ctypes.addressof(self._notes),
        )
        self._address = ctypes.addressof(self._message)
        self._view = memoryview(self._bytes).cast("B")
        # Numbers in a row cost less than the named fields.
        numbers = memoryview(self._message).cast("B")
        at, size = _Message.notes_size.offset, ctypes.sizeof(ctypes.c_ulong)
        self._notes_size = numbers[at : at + size].cast("L")

    def receive(self, fileno: int) -> tuple[bytes, int | None]:
        """Return bytes, and the wall time in nanoseconds when the kernel received the last of them.

        Returns:
            No bytes at the end of the stream; no time where the kernel has none.

        Raises:
            BlockingIOError: Nothing has arrived.
            OSError: The connection is broken.
        """
        notes_size = self._notes_size
        notes_size[0] = self._room
        size = _recvmsg(fileno, self._address, 0)
        if size < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        data = self._view[:size].tobytes()
        if not notes_size[0]:
            return data, None
        _, kind, seconds, rest_ns = _NOTE.unpack_from(self._notes)
        return data, seconds * NS_PER_S + rest_ns if kind == _NOTE_KIND else None
