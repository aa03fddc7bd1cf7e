"""Accounts asked for at the simulated vendor, on real sockets of this machine."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.client import connect

from harness.dialects import SessionSettings, find_dialect
from harness.engine import vendor_accounts
from harness.engine.incoming_call import follow
from harness.engine.route import Route, resolve_route
from harness.engine.vendor_accounts import collect, take_back
from harness.errors import Fault
from harness.simulator import Simulator, SimulatorConfig

KEY = "right-key-of-an-account"


def never() -> bool:
    return False


def held(errand: Callable[[Route], Awaitable[None]], config: SimulatorConfig) -> None:
    async def serve() -> None:
        simulator = Simulator(config)
        port = await simulator.start()
        try:
            dialect = find_dialect("vapi")
            address = f"http://127.0.0.1:{port}"
            await errand(resolve_route(address, dialect, SessionSettings(), frame_ms=20))
        finally:
            await simulator.stop()

    asyncio.run(asyncio.wait_for(serve(), 30))


async def hold(route: Route) -> str:
    """Hold a call without a word, and return its name."""
    assert route.webhook is not None
    words = route.dialect.open("")
    found = await follow(route, route.webhook, words)
    assert isinstance(found, Route)
    target = found.target
    async with connect(f"ws://{target.host}:{target.port}{target.resource_name}"):
        await asyncio.sleep(0.05)
    return words.call_name


def test_a_call_is_asked_about_until_it_is_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAPI_API_KEY", KEY)
    monkeypatch.setattr(vendor_accounts, "_AGAIN_AFTER_S", 0.1)

    async def errand(route: Route) -> None:
        calls = [("call-0", await hold(route)), ("call-1", "nobody")]
        priced, unknown = await collect(route, calls, hurried=never, limit_s=2.0)
        assert (priced.session_id, priced.status, priced.why) == ("call-0", "ended", "")
        assert priced.cost is not None
        assert priced.cost == pytest.approx(sum(priced.parts.values()))
        assert (unknown.session_id, unknown.cost) == ("call-1", None)
        assert "404" in unknown.why

    held(errand, SimulatorConfig(api_key=KEY))


def test_nobody_waits_longer_than_the_limit_or_after_a_second_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vendor_accounts, "_AGAIN_AFTER_S", 0.01)

    async def errand(route: Route) -> None:
        (fresh,) = await collect(
            route, [("call-0", await hold(route))], hurried=never, limit_s=0.05
        )
        assert (fresh.cost, fresh.why) == (None, "its cost was not told yet")
        (left,) = await collect(route, [("call-0", "any")], hurried=lambda: True)
        assert left.why == "there was no time to ask"

    held(errand, SimulatorConfig())


def test_a_vendor_that_cannot_be_reached_is_told_and_spoils_nothing() -> None:
    route = resolve_route(
        "http://127.0.0.1:9", find_dialect("vapi"), SessionSettings(), frame_ms=20
    )
    (found,) = asyncio.run(collect(route, [("call-0", "a/b")], hurried=never, limit_s=0.05))
    assert found.cost is None
    assert found.why
    assert "no time" not in found.why


def test_a_call_that_is_queued_is_taken_back() -> None:
    async def errand(route: Route) -> None:
        webhook = route.webhook
        assert webhook is not None
        first, second = route.dialect.open(""), route.dialect.open("")
        assert isinstance(await follow(route, webhook, first), Route)
        fault = await follow(route, webhook, second)
        assert isinstance(fault, Fault)
        limit = "the limit of 1 calls at once is reached"
        assert (fault.code, fault.detail) == (
            "queued",
            f"the vendor queued the call: {limit}; it was taken back",
        )
        (account,) = await collect(route, [("s", second.call_name)], hurried=never, limit_s=0.05)
        assert account.status == "ended"
        # The place that the first call takes is free once that is gone too.
        assert await take_back(route, first.call_name) == "it was taken back"
        assert isinstance(await follow(route, webhook, route.dialect.open("")), Route)
        unknown = await take_back(route, "nobody")
        assert unknown.startswith("it could not be taken back: 404 Not Found")
        assert await take_back(route, "") == "it cannot be taken back: it has no name"

    held(errand, SimulatorConfig(calls_at_once=1))
