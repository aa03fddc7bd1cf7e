"""The simulated sender compared with Linux's own TCP.

The kernel's figures are in `kernel.toml`; the simulation of the same cases is derived anew by
`harness selfcheck tcp`, and `tcp_table.md` keeps what it said.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from harness.model import Direction, Stage
from harness.network.tcp.path import NOISE_MS, NOTHING_MS, ProfilePath
from harness.network.tcp.sender import deliver

FLOWS = 120
SECONDS = 40.0
TOLERANCE = 0.2

_SKIPPED_MS = 2000.0
_LATE_MS = 50.0
_LATENESS_MS = 0.1
_WHEEL_MS = 32.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case and what the kernel did.

    Attributes:
        rtt_ms: Round trip.
        loss_percent: Packets lost in the direction of the messages.
        late_percent: Messages more than 50 ms late under the kernel.
        mean_ms: Mean extra delay under the kernel.
        ack_loss_percent: Acknowledgements lost in the other direction.
        burst_ms: Mean length of a bad time, `None` for independent loss.
        cadence_ms: Time between messages.
        message_bytes: Size of a message.
        bar: Whether the model has to be within `TOLERANCE`.
        repeat: How many times the usual connections it takes, where late messages are rare.
    """

    rtt_ms: float
    loss_percent: float
    late_percent: float
    mean_ms: float
    ack_loss_percent: float = 0.0
    burst_ms: float | None = None
    cadence_ms: float = 20.0
    message_bytes: int = 1300
    bar: bool = False
    repeat: int = 1

    def __str__(self) -> str:
        """Return the case in words."""
        words = [f"RTT {self.rtt_ms:g} ms, {self.loss_percent:g} %"]
        if self.burst_ms is not None:
            words.append(f"bad for {self.burst_ms:g} ms at a time")
        if self.ack_loss_percent:
            words.append("both directions")
        if self.cadence_ms != 20 or self.message_bytes != 1300:
            words.append(f"{self.message_bytes} B every {self.cadence_ms:g} ms")
        return ", ".join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The model's figures of one case beside the kernel's."""

    case: Case
    late_percent: float
    mean_ms: float

    @property
    def mean_off(self) -> float:
        """Relative difference of the mean extra delay."""
        return self.mean_ms / self.case.mean_ms - 1

    @property
    def late_off(self) -> float:
        """Relative difference of the share of late messages."""
        return self.late_percent / self.case.late_percent - 1

    @property
    def good(self) -> bool:
        """Whether both are within tolerance."""
        return abs(self.late_off) <= TOLERANCE and abs(self.mean_off) <= TOLERANCE


def cases() -> tuple[Case, ...]:
    """Return all cases."""
    text = (files(__package__) / "kernel.toml").read_text(encoding="utf-8")
    return tuple(Case(**row) for row in tomllib.loads(text)["row"])


def compare(
    chosen: Sequence[Case], *, seed: int = 1, flows: int = FLOWS, seconds: float = SECONDS
) -> Iterator[Compared]:
    """Simulate cases and compare them with the kernel.

    Args:
        chosen: Which.
        seed: Source of chance.
        flows: Connections per case.
        seconds: How long each sends.
    """
    for case in chosen:
        late, means = [], []
        for flow in range(flows * case.repeat):
            rng = np.random.default_rng([seed, flow])
            extra_ms = extra_delay_ms(case, rng, seconds)
            late.append(float((extra_ms > _LATE_MS).mean()))
            means.append(float(extra_ms.mean()))
        yield Compared(
            case=case,
            late_percent=100 * float(np.mean(late)),
            mean_ms=float(np.mean(means)),
        )


def extra_delay_ms(case: Case, rng: np.random.Generator, seconds: float) -> npt.NDArray[np.float64]:
    """Return the extra delay of one connection's messages, shape (messages,)."""
    half_ms = case.rtt_ms / 2
    up = Direction(delay_ms=half_ms, loss=case.loss_percent / 100, burst_ms=case.burst_ms)
    down = Direction(delay_ms=half_ms, loss=case.ack_loss_percent / 100)
    count = round(seconds * 1000 / case.cadence_ms)
    phase_ms = rng.uniform(0, case.cadence_ms)
    lateness_ms = np.minimum(rng.exponential(_LATENESS_MS, count), case.cadence_ms / 2)
    sent_ms = phase_ms + np.arange(count) * case.cadence_ms + lateness_ms
    done = deliver(
        sent_ms.tolist(),
        ProfilePath([Stage(from_s=0.0, up=up, down=down)], upwards=True, rng=rng),
        message_bytes=case.message_bytes,
        phase_ms=float(rng.uniform(0, _WHEEL_MS)),
    )
    end_ms = float(sent_ms[-1]) + 60_000.0
    delivered_ms = np.array([end_ms if at_ms is None else at_ms for at_ms in done])
    raw_ms = delivered_ms - sent_ms - half_ms
    extra_ms = np.where(raw_ms > NOTHING_MS, raw_ms - NOISE_MS, 0.0)
    found: npt.NDArray[np.float64] = extra_ms[sent_ms >= _SKIPPED_MS]
    return found
