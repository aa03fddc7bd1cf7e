"""Linux's set of sockets, asked without giving the interpreter away.

gevent takes Python's own out of the process that Locust runs in, because its greenlets cannot wait
for it. Nobody waits for this one: it is asked what is ready now.
"""

import ctypes
import os
import platform
import struct

# The bits of linux/eventpoll.h.
READ, WRITE = 0x001, 0x004
_ADD, _REMOVE, _CHANGE = 1, 2, 3
_CLOSE_ON_EXEC = 0o2000000
# The mask and the descriptor; on this one machine without a gap between them.
_EVENT = struct.Struct("=Iq" if platform.machine() == "x86_64" else "@Iq")
_FIRST_ROOM = 64


class Epoll:
    """Which sockets can be read or written. It is itself readable when one of them is ready.

    Raises:
        OSError: The system has none, or allows no more open files.

    Attributes:
        fileno: Descriptor of the set.
    """

    def __init__(self) -> None:
        self._libc = ctypes.PyDLL(None, use_errno=True)
        if not hasattr(self._libc, "epoll_create1"):
            raise OSError("no epoll on this system")
        self._wait = self._libc.epoll_wait
        self._wait.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        self.fileno = self._checked(self._libc.epoll_create1(_CLOSE_ON_EXEC))
        self._watched: set[int] = set()
        self._make_room(_FIRST_ROOM)

    def watch(self, fileno: int, events: int) -> None:
        """Watch a socket for `READ` and `WRITE`, a new one or otherwise than before.

        Raises:
            OSError: It cannot be watched.
        """
        operation = _CHANGE if fileno in self._watched else _ADD
        event = _EVENT.pack(events, fileno)
        self._checked(self._libc.epoll_ctl(self.fileno, operation, fileno, event))
        self._watched.add(fileno)
        if len(self._watched) > self._room:
            self._make_room(2 * self._room)

    def forget(self, fileno: int) -> None:
        """Watch a socket no more; it may be unknown."""
        if fileno in self._watched:
            self._watched.remove(fileno)
            event = _EVENT.pack(0, fileno)
            self._checked(self._libc.epoll_ctl(self.fileno, _REMOVE, fileno, event))

    def ready(self) -> list[tuple[int, int]]:
        """Return every socket that is ready now: for what, and its descriptor.

        Any bit but `WRITE` says that it can be read: errors and the end of the stream are read.
        """
        found = self._wait(self.fileno, self._address, self._room, 0)
        if found <= 0:
            # Interrupted by a signal, it has none; the next time it has.
            return []
        return list(_EVENT.iter_unpack(self._view[: found * _EVENT.size]))

    def close(self) -> None:
        """Give the set back; idempotent."""
        if self.fileno >= 0:
            os.close(self.fileno)
            self.fileno = -1

    def _make_room(self, events: int) -> None:
        self._room = events
        self._events = ctypes.create_string_buffer(events * _EVENT.size)
        self._address, self._view = ctypes.addressof(self._events), memoryview(self._events)

    @staticmethod
    def _checked(result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
