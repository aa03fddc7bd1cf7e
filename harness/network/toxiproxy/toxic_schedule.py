"""Changes to the toxics of a session's route during the call, as requests ready to be sent."""

from collections.abc import Iterator

from harness.model import NetworkProfile
from harness.network.tcp.traces import TraceStart
from harness.network.toxiproxy.toxic_client import ApiAddress
from harness.network.toxiproxy.toxic_scheduler import Change
from harness.network.toxiproxy.toxics import Toxic, fault_toxic, stall_toxic, steady_toxics


def compile_toxic_schedule(
    api: ApiAddress,
    proxy: str,
    profile: NetworkProfile,
    drawn: tuple[TraceStart, TraceStart] | None,
) -> list[Iterator[Change]]:
    """Return the changes of a route, in sequences that do not depend on each other.

    Args:
        api: The Toxiproxy.
        proxy: Name of the session's proxy.
        profile: What the session is subject to.
        drawn: Its schedules upwards and downwards, `None` for a route without stalls or stages.
    """
    path = f"/proxies/{proxy}/toxics"
    found: list[Iterator[Change]] = []
    for upwards, draw in zip((True, False), drawn or (), strict=False):
        found.append(_stalls(api, f"{path}/{stall_toxic(upwards=upwards)}", draw))
        if profile.stages:
            found.append(_stages(api, path, profile, draw.begin_ms, upwards=upwards))
    for number, fault in enumerate(profile.faults):
        if fault.at_s:
            request = api.request("POST", path, fault_toxic(fault, number).body())
            found.append(iter([(fault.at_s * 1000, request)]))
    return found


def _stalls(api: ApiAddress, path: str, draw: TraceStart) -> Iterator[Change]:
    head, known = api.head("PATCH", path), dict[int, bytes]()
    for at_ms, latency_ms in draw.trace.play(draw.begin_ms):
        if latency_ms not in known:
            known[latency_ms] = head.body({"attributes": {"latency": latency_ms}})
        yield at_ms, known[latency_ms]


def _stages(
    api: ApiAddress, path: str, profile: NetworkProfile, begin_ms: float, *, upwards: bool
) -> Iterator[Change]:
    """Yield the changes of base latency, jitter and bandwidth, stage by stage."""
    before: list[Toxic] = []
    for stage in profile.timeline:
        now = steady_toxics(profile, stage, upwards=upwards)
        for toxic in now:
            if before and toxic not in before:
                request = api.request(
                    "PATCH", f"{path}/{toxic.name}", {"attributes": toxic.attributes}
                )
                yield max(0.0, stage.from_s * 1000 - begin_ms), request
        before = now
