from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Direction, Stage
from harness.network.tcp.path import ProfilePath
from harness.network.tcp.sender import deliver


class Scripted:
    """A path that loses the transmissions it is told to."""

    def __init__(
        self, rtt_ms: float, lost: Iterable[int] = (), lost_back: Iterable[int] = ()
    ) -> None:
        self.rtt_ms = rtt_ms
        self._lost, self._lost_back = set(lost), set(lost_back)
        self.sent = self.answered = 0

    def there(self, at_ms: float) -> float | None:
        self.sent += 1
        return None if self.sent - 1 in self._lost else at_ms + self.rtt_ms / 2

    def back(self, at_ms: float) -> float | None:
        self.answered += 1
        return None if self.answered - 1 in self._lost_back else at_ms + self.rtt_ms / 2


def extra_ms(path: Scripted, cadence_ms: float = 20.0, count: int = 100) -> list[float]:
    sent_ms = [n * cadence_ms for n in range(count)]
    done = deliver(sent_ms, path, message_bytes=1300)
    return [
        at_ms - n - path.rtt_ms / 2
        for n, at_ms in zip(sent_ms, done, strict=True)
        if at_ms is not None
    ]


@given(rtt_ms=st.floats(0, 500), cadence_ms=st.sampled_from([10.0, 20.0, 100.0]))
def test_without_loss_nothing_is_late(rtt_ms: float, cadence_ms: float) -> None:
    if rtt_ms / cadence_ms < 9:  # the initial window
        assert max(extra_ms(Scripted(rtt_ms), cadence_ms)) < 0.001


@pytest.mark.parametrize(
    ("rtt_ms", "cadence_ms", "expected_ms"),
    [(20, 20, 40), (40, 20, 60), (80, 20, 104), (40, 100, 140), (150, 100, 250)],
)
def test_one_loss_stalls_a_round_trip_and_the_wait_for_a_later_frame(
    rtt_ms: float, cadence_ms: float, expected_ms: float
) -> None:
    """RTT + max(cadence, RTT/4 and the timer's tick), as measured on Linux."""
    late = extra_ms(Scripted(rtt_ms, lost=[30]), cadence_ms)
    assert max(late) == pytest.approx(expected_ms, abs=6)
    assert late[29] < 1
    assert late[30] == max(late)


def test_what_is_behind_the_hole_is_delivered_with_it() -> None:
    path = Scripted(40, lost=[30])
    done = deliver([n * 20.0 for n in range(60)], path, message_bytes=1300)
    assert done[30] == done[31] == done[32]


def test_a_run_of_losses_costs_a_cadence_each() -> None:
    late = extra_ms(Scripted(40, lost=[30, 31]))
    assert max(late) == pytest.approx(80, abs=6)


def test_a_lost_retransmission_waits_for_the_timeout_when_nothing_else_may_go() -> None:
    """At a round trip of one cadence the window in recovery is the retransmission alone."""
    path = Scripted(19, lost=[30, 32])
    assert 200 < max(extra_ms(path)) < 320


def test_the_last_frame_is_probed_for() -> None:
    path = Scripted(40, lost=[99])
    assert 200 < max(extra_ms(path)) < 400


def test_a_lost_acknowledgement_is_covered_by_the_next() -> None:
    path = Scripted(40, lost_back=[20, 40, 41])
    assert max(extra_ms(path)) < 0.001
    assert path.sent == 100


def test_what_never_arrives_is_none() -> None:
    path = Scripted(40, lost=range(10, 10_000))
    done = deliver([n * 20.0 for n in range(30)], path, message_bytes=1300, patience_ms=5000)
    assert None not in done[:10]
    assert done[10:] == [None] * 20


def test_a_dead_spot_ends_later_than_the_network_says_because_timeouts_double() -> None:
    way, dead = Direction(delay_ms=20), Direction(delay_ms=20, loss=1)
    stages = [
        Stage(from_s=0, up=way, down=way),
        Stage(from_s=1, up=dead, down=dead),
        Stage(from_s=4, up=way, down=way),
    ]
    path = ProfilePath(stages, upwards=True, rng=np.random.default_rng(1))
    sent_ms = [n * 20.0 for n in range(500)]
    done = deliver(sent_ms, path, message_bytes=1300)
    first = done[51]
    assert first is not None
    assert 4000 < first < 8000
    last = done[-1]
    assert last is not None
    assert last - sent_ms[-1] < 100


@given(
    loss=st.floats(0, 0.2),
    rtt_ms=st.floats(0, 200),
    size=st.integers(1, 6000),
    seed=st.integers(0, 2**32),
)
def test_delivery_is_in_order_complete_and_never_early(
    loss: float, rtt_ms: float, size: int, seed: int
) -> None:
    way = Direction(delay_ms=rtt_ms / 2, loss=loss)
    path = ProfilePath(
        [Stage(from_s=0, up=way, down=way)], upwards=True, rng=np.random.default_rng(seed)
    )
    sent_ms = [n * 20.0 for n in range(60)]
    done = deliver(sent_ms, path, message_bytes=size, patience_ms=600_000)
    assert len(done) == 60
    there = [at_ms for at_ms in done if at_ms is not None]
    assert len(there) == 60
    assert there == sorted(there)
    for sent, at_ms in zip(sent_ms, there, strict=True):
        assert at_ms >= sent + rtt_ms / 2 - 1e-6
