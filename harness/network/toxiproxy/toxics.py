"""Which toxics make a profile, and in which order.

The order matters: a latency toxic counts from the moment a piece of data was read from the
socket, so behind a bandwidth toxic it absorbs the delay which that one has added. The base
latency comes first, the stall behind it, where changing it never touches the base, bandwidth
last. Loss is never represented by a toxic that drops data; such toxics are faults and named so.
"""

from dataclasses import dataclass

from harness.model import FaultKind, NetworkFault, NetworkProfile, Stage
from harness.network.tcp.stages import base_latency_ms

STALL = "stall"

_BITS_PER_BYTE = 8
# For a stage without a limit; 0 would freeze a server of 2.12 and mean no limit to one of 2.13.
_UNLIMITED = 10_000_000
# What each fault may be set to; what is left out is Toxiproxy's default, which for a slicer
# crashes the server of 2.12.
FAULT_SETTINGS: dict[FaultKind, dict[str, int]] = {
    FaultKind.TIMEOUT: {"timeout": 0},
    FaultKind.RESET_PEER: {"timeout": 0},
    FaultKind.SLICER: {"average_size": 64, "size_variation": 32, "delay": 10},
    FaultKind.LIMIT_DATA: {"bytes": 0},
    FaultKind.SLOW_CLOSE: {"delay": 1000},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxic:
    """One toxic as the API takes it.

    Attributes:
        name: Its name within the proxy.
        kind: Toxiproxy's type.
        stream: `upstream` from caller to API, else `downstream`.
        attributes: Whole numbers by name, since Toxiproxy takes no others.
    """

    name: str
    kind: str
    stream: str
    attributes: dict[str, int]

    def body(self) -> dict[str, object]:
        """Return what is posted to make it."""
        return {
            "name": self.name,
            "type": self.kind,
            "stream": self.stream,
            "attributes": self.attributes,
        }


def toxics(profile: NetworkProfile) -> list[Toxic]:
    """Return the toxics that a route has from the beginning, in the order they have to be added.

    Delays are rounded to whole milliseconds, bandwidths to whole kB/s and never to 0, which would
    freeze a server of 2.12.
    """
    chain: list[Toxic] = []
    for upwards in (True, False):
        steady = steady_toxics(profile, profile.timeline[0], upwards=upwards)
        if profile.stalls:
            nothing = {"latency": 0, "jitter": 0}
            steady.insert(1, _toxic(STALL, "latency", upwards, nothing))
        chain += steady
    chain += [fault_toxic(fault, n) for n, fault in enumerate(profile.faults) if not fault.at_s]
    return chain


def steady_toxics(profile: NetworkProfile, stage: Stage, *, upwards: bool) -> list[Toxic]:
    """Return the toxics of one direction that stay as they are during a stage, in their order."""
    found = []
    direction = stage.up if upwards else stage.down
    delay = {
        "latency": base_latency_ms(stage, upwards=upwards),
        "jitter": round(direction.jitter_ms),
    }
    if any(delay.values()) or profile.stalls:
        found.append(_toxic("base", "latency", upwards, delay))
    directions = [other.up if upwards else other.down for other in profile.timeline]
    if any(one.rate_kbit_s is not None for one in directions):
        rate = _UNLIMITED
        if direction.rate_kbit_s is not None:
            rate = max(1, round(direction.rate_kbit_s / _BITS_PER_BYTE))
        found.append(_toxic("rate", "bandwidth", upwards, {"rate": rate}))
    return found


def fault_toxic(fault: NetworkFault, number: int) -> Toxic:
    """Return the toxic of a profile's fault number `number`."""
    return Toxic(
        name=f"fault-{number}",
        kind=fault.kind.value,
        stream=_stream(fault.upwards),
        attributes=FAULT_SETTINGS[fault.kind] | fault.settings,
    )


def stall_toxic(*, upwards: bool) -> str:
    """Return the name of a direction's stall toxic."""
    return f"{STALL}-{_stream(upwards)}"


def _toxic(name: str, kind: str, upwards: bool, attributes: dict[str, int]) -> Toxic:
    stream = _stream(upwards)
    return Toxic(name=f"{name}-{stream}", kind=kind, stream=stream, attributes=attributes)


def _stream(upwards: bool) -> str:
    return "upstream" if upwards else "downstream"
