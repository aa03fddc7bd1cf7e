"""What changes in a session's way during the call, as requests ready to be sent."""

from collections.abc import Iterator

from harness.model import NetworkProfile
from harness.network.impairment import Change
from harness.network.toxics import fault_toxic, stall_toxic
from harness.network.traces import Draw
from harness.network.updates import Api


def changes(
    api: Api, proxy: str, profile: NetworkProfile, drawn: tuple[Draw, Draw] | None
) -> list[Iterator[Change]]:
    """Return the changes of a way, one sequence a toxic, each in order of time.

    Args:
        api: The Toxiproxy.
        proxy: Name of the session's proxy.
        profile: What the session is subject to.
        drawn: Its stall schedules upwards and downwards, `None` for none.
    """
    found: list[Iterator[Change]] = []
    for upwards, draw in zip((True, False), drawn or (), strict=False):
        path = f"/proxies/{proxy}/toxics/{stall_toxic(upwards=upwards)}"
        found.append(_stalls(api, path, draw))
    path = f"/proxies/{proxy}/toxics"
    for number, fault in enumerate(profile.faults):
        if fault.at_s:
            request = api.request("POST", path, fault_toxic(fault, number).body())
            found.append(iter([(fault.at_s * 1000, request)]))
    return found


def _stalls(api: Api, path: str, draw: Draw) -> Iterator[Change]:
    for setting in draw.trace.play(draw.begin_ms):
        body: dict[str, object] = {"attributes": {"latency": setting.latency_ms}}
        yield setting.at_ms, api.request("PATCH", path, body)
