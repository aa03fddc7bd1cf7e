"""Measure what a route through the proxy really does, before a run is trusted to it.

An echo server of ours stands behind the proxy. Small messages go there and back one at a time,
on as many parallel connections as it takes to finish in about two seconds. One message at a time,
because what is queued behind a late message is late too, and would measure the queue. Then a short
burst in each limited direction shows the bandwidth.
"""

import math
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager

import numpy as np
import numpy.typing as npt

from harness.clock import now_ns
from harness.errors import sanitised
from harness.model import NS_PER_MS, NS_PER_S, NetworkProfile, ProxyOverhead, RealisedNetwork
from harness.network.probe.proxy_overhead import overhead_of

# Asks for a route to a port of this machine; gives the address to connect to instead.
RouteTo = Callable[[int], AbstractContextManager[tuple[str, int]]]

_HOST = "127.0.0.1"
_MESSAGE = b"harness probe, 32 bytes of it..."
_ASK = struct.Struct("!cQ")
_COUNT = struct.Struct("!QQ")
_ECHO, _UP, _DOWN = b"e", b"u", b"d"

_LEAST_MS, _LEAST_SHARE = 3.0, 0.1
_ROUND_TRIPS = (40, 200)
_CONNECTIONS = 40
_TARGET_MS = 2000.0
_PATIENCE_S = 5.0
_BURST_S = 0.5
_RATE_SHARE = 0.15
_RATE_LIMIT_KBIT_S = 100_000.0
_CHUNK_BYTES = 65536


def probe(profile: NetworkProfile, route_to: RouteTo, host: str = _HOST) -> RealisedNetwork:
    """Measure one profile; a second time if the first measurement does not verify it.

    The second measurement is there because a short busy period of this machine says nothing about
    the profile; a wrong profile fails both.

    Args:
        profile: What the route is said to do.
        route_to: Opens a route subject to the profile.
        host: Address of this machine by which the proxy reaches it.

    Returns:
        What was found. A profile whose probe broke off is not verified.
    """
    found = _look(profile, route_to, host)
    return found if found.verified else _look(profile, route_to, host)


def measure_overhead(route_to: RouteTo, host: str = _HOST, round_trips: int = 300) -> ProxyOverhead:
    """Compare round trips through a route with round trips without it, taken in turn.

    Args:
        route_to: Opens a route without toxics.
        host: Address of this machine by which the proxy reaches it.
        round_trips: How many of each.

    Raises:
        OSError: The route broke off.
    """
    found: dict[str, list[float]] = {"direct": [], "proxied": []}
    with (
        _echo_server(host) as port,
        route_to(port) as route,
        _echoing((host, port)) as direct,
        _echoing(route) as proxied,
    ):
        for _ in range(round_trips):
            found["direct"].append(_round_trip_ms(direct))
            found["proxied"].append(_round_trip_ms(proxied))
    return overhead_of(np.array(found["direct"]), np.array(found["proxied"]))


@contextmanager
def _echoing(route: tuple[str, int], patience_s: float = _PATIENCE_S) -> Iterator[socket.socket]:
    with socket.create_connection(route, patience_s) as here:
        here.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        here.sendall(_ASK.pack(_ECHO, 0))
        yield here


def tolerance_ms(profile: NetworkProfile) -> float:
    """Return how far the median round trip may be from the nominal one: 3 ms or a tenth."""
    return max(_LEAST_MS, _LEAST_SHARE * profile.rtt_ms)


def round_trips(profile: NetworkProfile) -> int:
    """Return how many round trips give a precise enough median.

    The median of n draws has a standard error of 1 / (2 f sqrt(n)), where f is the density at the
    median. Jitter is uniform within plus and minus j, or the sum of two such, and in both cases
    f = 1 / (2 j) for the larger j. A third of the tolerance is asked of that error, which makes a
    false alarm a matter of three standard errors.
    """
    jitter_ms = max(profile.up.jitter_ms, profile.down.jitter_ms)
    wanted = math.ceil((3 * jitter_ms / tolerance_ms(profile)) ** 2)
    return min(max(wanted, _ROUND_TRIPS[0]), _ROUND_TRIPS[1])


def compare(
    profile: NetworkProfile,
    rtt_ms: npt.NDArray[np.float64],
    up_kbit_s: float | None = None,
    down_kbit_s: float | None = None,
) -> RealisedNetwork:
    """Compare what was measured with what was asked for.

    Args:
        profile: What was asked for.
        rtt_ms: Round trips in milliseconds, shape (probes,), not empty.
        up_kbit_s: Bandwidth found towards the API, `None` when not probed.
        down_kbit_s: Bandwidth found from the API, `None` when not probed.

    Returns:
        The finding with its reasons in words.
    """
    p10, p50, p90 = (float(value) for value in np.percentile(rtt_ms, (10, 50, 90)))
    findings = [
        _median_finding(profile, p50),
        _spread_finding(profile, p90 - p10),
        _rate_finding("up", profile.up.rate_kbit_s, up_kbit_s),
        _rate_finding("down", profile.down.rate_kbit_s, down_kbit_s),
    ]
    return RealisedNetwork(
        profile=profile.name,
        probes=len(rtt_ms),
        verified=all(good for good, _ in findings),
        why="; ".join(words for _, words in findings if words),
        rtt_p10_ms=p10,
        rtt_p50_ms=p50,
        rtt_p90_ms=p90,
        up_kbit_s=up_kbit_s,
        down_kbit_s=down_kbit_s,
    )


def _median_finding(profile: NetworkProfile, p50_ms: float) -> tuple[bool, str]:
    """Toxiproxy draws whole ms from [-jitter, +jitter), so each direction is 0.5 ms short."""
    jittered = (profile.up.jitter_ms >= 1) + (profile.down.jitter_ms >= 1)
    allowed_ms = tolerance_ms(profile)
    good = abs(p50_ms - (profile.rtt_ms - 0.5 * jittered)) <= allowed_ms
    words = f"median round trip {p50_ms:.1f} ms for {profile.rtt_ms:g} ms"
    return good, words if good else f"{words}, more than {allowed_ms:.1f} ms off"


def _spread_finding(profile: NetworkProfile, spread_ms: float) -> tuple[bool, str]:
    """Compare p90 - p10 with that of the sum of two uniform draws.

    For equal jitter j the sum is triangular on [-2 j, 2 j] and p90 - p10 is 4 j (1 - sqrt(0.2)),
    2.21 j; for one jittered direction it is 1.6 j. The bounds are wide: the median decides.
    """
    small_ms, large_ms = sorted((profile.up.jitter_ms, profile.down.jitter_ms))
    slack_ms = tolerance_ms(profile)
    low_ms = 0.6 * 1.6 * large_ms - slack_ms
    high_ms = 1.4 * 2.21 * (large_ms + small_ms) / 2 + 0.5 * large_ms + slack_ms
    if low_ms <= spread_ms <= high_ms:
        return True, f"p90 - p10 {spread_ms:.1f} ms"
    bounds = f"{max(low_ms, 0):.1f} to {high_ms:.1f} ms"
    return False, f"p90 - p10 {spread_ms:.1f} ms is not within {bounds}"


def _rate_finding(name: str, asked: float | None, found: float | None) -> tuple[bool, str]:
    if asked is None:
        return True, ""
    if found is None:
        return True, f"{asked:g} kbit/s {name} not probed"
    good = abs(found - asked) <= _RATE_SHARE * asked
    words = f"{found:.0f} kbit/s {name} for {asked:g}"
    return good, words if good else f"{words}, more than {_RATE_SHARE:.0%} off"


def _look(profile: NetworkProfile, route_to: RouteTo, host: str) -> RealisedNetwork:
    try:
        with _echo_server(host) as port, route_to(port) as route:
            rtt_ms = _measure_round_trips(profile, route)
            up_kbit_s = _measure_rate(route, _UP, profile.up.rate_kbit_s)
            down_kbit_s = _measure_rate(route, _DOWN, profile.down.rate_kbit_s)
    except OSError as error:
        return RealisedNetwork(
            profile=profile.name,
            probes=0,
            verified=False,
            why=f"the probe broke off: {sanitised(error)}",
        )
    return compare(profile, rtt_ms, up_kbit_s, down_kbit_s)


def _measure_round_trips(
    profile: NetworkProfile, route: tuple[str, int]
) -> npt.NDArray[np.float64]:
    count = round_trips(profile)
    connections = min(max(1, math.ceil(count * profile.rtt_ms / _TARGET_MS)), _CONNECTIONS)
    rounds = math.ceil(count / connections)
    slowest_ms = profile.rtt_ms + 2 * (profile.up.jitter_ms + profile.down.jitter_ms)
    patience_s = _PATIENCE_S + slowest_ms / 1000

    def connection(_: int) -> list[float]:
        with _echoing(route, patience_s) as here:
            return [_round_trip_ms(here) for _ in range(rounds)]

    with ThreadPoolExecutor(connections) as pool:
        return np.array(
            [rtt for found in pool.map(connection, range(connections)) for rtt in found]
        )


def _round_trip_ms(here: socket.socket) -> float:
    sent_ns = now_ns()
    here.sendall(_MESSAGE)
    _receive(here, len(_MESSAGE))
    return (now_ns() - sent_ns) / NS_PER_MS


def _measure_rate(route: tuple[str, int], ask: bytes, asked: float | None) -> float | None:
    """Return the bandwidth of one direction in kbit/s, `None` when unlimited or beyond us."""
    if asked is None or asked > _RATE_LIMIT_KBIT_S:
        return None
    size = max(_CHUNK_BYTES // 16, int(asked * 1000 / 8 * _BURST_S))
    with socket.create_connection(route, _PATIENCE_S + 8 * size / asked / 1000) as here:
        asked_ns = now_ns()
        here.sendall(_ASK.pack(ask, size))
        if ask == _UP:
            here.sendall(bytes(size))
            counted, elapsed_ns = _COUNT.unpack(_receive(here, _COUNT.size))
        else:
            counted, elapsed_ns = _timed(here, size)
    if counted == 0:  # all in one piece, so no limit was at work: a lower bound will do
        counted, elapsed_ns = size, now_ns() - asked_ns
    return float(counted * 8 / 1000 * NS_PER_S / elapsed_ns)


def _timed(sock: socket.socket, size: int) -> tuple[int, int]:
    """Receive `size` bytes; return those after the first piece, and the ns they took to come."""
    first = len(sock.recv(min(size, _CHUNK_BYTES)))
    began_ns = now_ns()
    _receive(sock, size - first)
    return size - first, now_ns() - began_ns


def _receive(sock: socket.socket, size: int) -> bytes:
    """Receive exactly `size` bytes."""
    held = bytearray()
    while len(held) < size:
        piece = sock.recv(min(size - len(held), _CHUNK_BYTES))
        if not piece:
            raise ConnectionError("the proxy closed the connection")
        held += piece
    return bytes(held)


@contextmanager
def _echo_server(host: str) -> Iterator[int]:
    """Serve the far end of the probes on a free port while the block runs."""
    with closing(socket.create_server((host, 0), backlog=_CONNECTIONS)) as listener:
        address, done = listener.getsockname(), threading.Event()
        acceptor = threading.Thread(target=_accept, args=(listener, done), daemon=True)
        acceptor.start()
        try:
            yield address[1]
        finally:
            done.set()
            socket.create_connection(address, _PATIENCE_S).close()  # wakes it on every platform
            acceptor.join(_PATIENCE_S)


def _accept(listener: socket.socket, done: threading.Event) -> None:
    while not done.is_set():
        try:
            near, _ = listener.accept()
        except OSError:
            return  # closed: the process ends while this thread waits, or has no file left
        threading.Thread(target=_serve, args=(near,), daemon=True).start()


def _serve(near: socket.socket) -> None:
    """Do what the first bytes of a connection ask for; the client sees when it breaks off."""
    with near:
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            ask, size = _ASK.unpack(_receive(near, _ASK.size))
            if ask == _UP:
                near.sendall(_COUNT.pack(*_timed(near, size)))
            elif ask == _DOWN:
                near.sendall(bytes(size))
            while piece := near.recv(_CHUNK_BYTES):
                near.sendall(piece)
        except OSError:
            return
