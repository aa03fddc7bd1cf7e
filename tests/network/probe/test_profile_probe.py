import socket
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Direction, NetworkProfile
from harness.network.probe import profile_probe
from harness.network.probe.profile_probe import compare, probe, round_trips


def profile(delay_ms: float, jitter_ms: float, rate_kbit_s: float | None = None) -> NetworkProfile:
    direction = Direction(delay_ms=delay_ms, jitter_ms=jitter_ms, rate_kbit_s=rate_kbit_s)
    return NetworkProfile(name="made", up=direction, down=direction)


def drawn(made: NetworkProfile, seed: int, overhead_ms: float = 0.3) -> npt.NDArray[np.float64]:
    """Round trips as Toxiproxy would make them of this profile."""
    rng = np.random.default_rng(seed)
    count = round_trips(made)
    total = np.full(count, overhead_ms)
    for direction in (made.up, made.down):
        jitter_ms = round(direction.jitter_ms)
        total += round(direction.delay_ms)
        if jitter_ms:
            total += rng.integers(-jitter_ms, jitter_ms, count)
    return total


@given(
    delay_ms=st.integers(0, 500),
    share=st.floats(0, 0.35),
    seed=st.integers(0, 2**32),
)
def test_a_profile_that_is_what_it_says_is_verified(delay_ms: int, share: float, seed: int) -> None:
    """A single look raises a false alarm once in some hundred times, three in a row never do."""
    made = profile(delay_ms, round(delay_ms * share))
    looks = [compare(made, drawn(made, seed + 2**33 * look)) for look in range(3)]
    assert any(found.verified for found in looks), looks[0].why


@pytest.mark.parametrize(
    ("asked", "real"),
    [
        (profile(20, 0), profile(10, 0)),
        (profile(20, 0), profile(0, 0)),
        (profile(20, 0), profile(24, 0)),
        (profile(2, 0), profile(0, 0)),
        (profile(300, 0), profile(340, 0)),
        (profile(50, 30), profile(50, 0)),
        (profile(50, 0), profile(50, 30)),
    ],
)
def test_a_profile_that_is_not_what_it_says_is_delayed(
    asked: NetworkProfile, real: NetworkProfile
) -> None:
    found = compare(asked, drawn(real, seed=1))
    assert not found.verified
    assert "off" in found.why or "not within" in found.why


def test_jitter_in_one_direction_only_is_plausible() -> None:
    made = NetworkProfile(
        name="made", up=Direction(delay_ms=50, jitter_ms=30), down=Direction(delay_ms=50)
    )
    assert compare(made, drawn(made, seed=3)).verified


def test_a_bandwidth_that_is_not_there_is_delayed() -> None:
    made = profile(10, 0, rate_kbit_s=1000)
    found = compare(made, drawn(made, seed=1), up_kbit_s=1010, down_kbit_s=4000)
    assert not found.verified
    assert "4000 kbit/s down for 1000, more than 15% off" in found.why


def test_a_bandwidth_that_was_not_probed_is_said_to_be_so() -> None:
    made = profile(10, 0, rate_kbit_s=10_000_000)
    found = compare(made, drawn(made, seed=1))
    assert found.verified
    assert "not probed" in found.why
    assert found.up_kbit_s is None


def test_quantiles_are_those_of_the_round_trips() -> None:
    found = compare(profile(50, 0), np.linspace(95.0, 105.0, 101))
    assert found.probes == 101
    assert found.rtt_p10_ms == pytest.approx(96)
    assert found.rtt_p50_ms == pytest.approx(100)
    assert found.rtt_p90_ms == pytest.approx(104)


@given(delay_ms=st.integers(0, 5000), share=st.floats(0, 1))
def test_more_jitter_never_asks_for_fewer_round_trips(delay_ms: int, share: float) -> None:
    calm, rough = profile(delay_ms, delay_ms * share / 2), profile(delay_ms, delay_ms * share)
    assert 40 <= round_trips(calm) <= round_trips(rough) <= 200


def test_a_route_that_refuses_is_not_verified_and_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()

    @contextmanager
    def nowhere(port: int) -> Iterator[tuple[str, int]]:
        yield closed

    found = probe(profile(0, 0), nowhere)
    assert not found.verified
    assert found.probes == 0
    assert found.rtt_p50_ms is None
    assert "broke off" in found.why


def test_a_second_look_forgives_a_first_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a round trip takes is the machine's business: here it takes what the profile says.
    monkeypatch.setattr(profile_probe, "_measure_round_trips", lambda made, _: drawn(made, seed=1))
    ports = []

    @contextmanager
    def poor_at_first(port: int) -> Iterator[tuple[str, int]]:
        ports.append(port)
        if len(ports) == 1:
            raise ConnectionError("busy")
        yield "127.0.0.1", port

    assert probe(profile(0, 0), poor_at_first).verified
    assert len(ports) == 2


def test_two_looks_that_failed_are_the_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[NetworkProfile] = []

    def much_too_slow(made: NetworkProfile, _: object) -> npt.NDArray[np.float64]:
        looks.append(made)
        return drawn(profile(made.up.delay_ms + 50, 0), seed=1)

    monkeypatch.setattr(profile_probe, "_measure_round_trips", much_too_slow)

    @contextmanager
    def direct(port: int) -> Iterator[tuple[str, int]]:
        yield "127.0.0.1", port

    assert not probe(profile(0, 0), direct).verified
    assert len(looks) == 2


def test_a_direct_route_has_no_delay_and_no_limit() -> None:
    @contextmanager
    def direct(port: int) -> Iterator[tuple[str, int]]:
        yield "127.0.0.1", port

    delayed = profile(5000, 0, rate_kbit_s=1000)
    found = probe(delayed, direct)
    assert not found.verified
    assert found.rtt_p50_ms is not None
    assert found.rtt_p50_ms < 0.9 * delayed.rtt_ms
    assert found.up_kbit_s is not None
    assert found.up_kbit_s > 0
