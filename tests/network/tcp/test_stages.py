import numpy as np

from harness.model import Direction, FaultKind, NetworkFault, NetworkProfile, Stage
from harness.network.tcp.stages import bare, base_latencies_ms, plain

NEAR = Direction(delay_ms=10, jitter_ms=4)
FAR = Direction(delay_ms=40, jitter_ms=15, rate_kbit_s=800)
DEAD = Direction(delay_ms=10, jitter_ms=4, loss=1.0)
STAGES = (
    Stage(from_s=5, up=FAR, down=FAR),
    Stage(from_s=8, up=NEAR, down=NEAR),
    Stage(from_s=9, up=DEAD, down=NEAR),
)
PROFILE = NetworkProfile(
    name="x", up=NEAR, down=NEAR, stages=STAGES, faults=(NetworkFault(kind=FaultKind.TIMEOUT),)
)


def test_the_base_latency_is_that_of_the_stage_a_message_is_sent_in() -> None:
    at_ms = np.array([0.0, 4999, 5000, 7999, 8000, 1e6])
    found = base_latencies_ms(PROFILE, at_ms, upwards=True)
    assert found.tolist() == [10, 10, 40, 40, 10, 10]


def test_what_differs_in_delay_jitter_or_bandwidth_is_measured_once_each() -> None:
    found = list(plain(PROFILE))
    assert [from_s for from_s, _ in found] == [0, 5]
    assert [profile.up for _, profile in found] == [NEAR, FAR]
    assert not any(profile.stages or profile.faults for _, profile in found)


def test_bare_keeps_delay_and_loss_of_every_stage_and_nothing_else() -> None:
    found = bare(PROFILE)
    assert not found.faults
    assert [stage.up for stage in found.timeline] == [
        Direction(delay_ms=10),
        Direction(delay_ms=40),
        Direction(delay_ms=10),
        Direction(delay_ms=10, loss=1.0),
    ]
