import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.model import Direction, Stage
from harness.network.tcp.path import NOISE_MS, ProfilePath

SENT_MS = [20.0 * number for number in range(500)]


def path(
    *stages: tuple[float, Direction, Direction], upwards: bool = True, seed: int = 1
) -> ProfilePath:
    made = [Stage(from_s=from_s, up=up, down=down) for from_s, up, down in stages]
    return ProfilePath(made, upwards=upwards, rng=np.random.default_rng(seed))


@given(st.integers(0, 2**32), st.floats(0, 0.3))
def test_packets_never_overtake_each_other(seed: int, loss: float) -> None:
    stalling = Direction(delay_ms=30, loss=loss, stall_every_ms=300, stall_ms=(10, 200))
    made = path((0.0, stalling, Direction()), seed=seed)
    arrived = [at_ms for at_ms in map(made.there, SENT_MS) if at_ms is not None]
    assert arrived == sorted(arrived)


def test_messages_and_acknowledgements_take_opposite_directions() -> None:
    up, down = Direction(delay_ms=10), Direction(delay_ms=200)
    for upwards in (True, False):
        made = path((0.0, up, down), upwards=upwards)
        there_ms, back_ms = made.there(0.0), made.back(0.0)
        assert there_ms is not None
        assert back_ms is not None
        assert (there_ms < back_ms) == upwards
        assert made.rtt_ms == 210


def test_a_stage_holds_from_its_own_time_on() -> None:
    near, far, dead = Direction(delay_ms=10), Direction(delay_ms=100), Direction(loss=1.0)
    made = path((0.0, near, near), (2.0, far, near), (4.0, dead, near))
    for at_ms, delay_ms in ((0.0, 10.0), (1999.0, 10.0), (2000.0, 100.0), (3999.0, 100.0)):
        arrives_ms = made.there(at_ms)
        assert arrives_ms is not None
        assert 0 <= arrives_ms - at_ms - delay_ms < 20 * NOISE_MS
    assert made.there(4000.0) is None


def test_loss_has_the_share_that_was_asked_for() -> None:
    made = path((0.0, Direction(loss=0.2), Direction()))
    lost = sum(made.there(at_ms) is None for at_ms in range(20_000))
    # Five standard deviations of a binomial share.
    assert abs(lost / 20_000 - 0.2) < 5 * (0.2 * 0.8 / 20_000) ** 0.5


def test_a_stall_holds_packets_for_no_longer_than_it_lasts() -> None:
    made = path((0.0, Direction(stall_every_ms=500, stall_ms=(100, 200)), Direction()))
    extra_ms = np.array([(made.there(at_ms) or 0.0) - at_ms for at_ms in SENT_MS])
    assert extra_ms.max() < 200 + 20 * NOISE_MS
    # Every 500 ms one of 150 ms in the mean: three packets in ten are held.
    assert 0.2 < (extra_ms > 5).mean() < 0.4
