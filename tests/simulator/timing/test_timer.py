import asyncio
import sys

import pytest

from harness.clock import now_ns
from harness.model import NS_PER_MS
from harness.simulator.timing.timer import Timer


@pytest.fixture(params=["this system", "any system"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once with the system's own timer, where it has one, and once without."""
    if request.param == "any system":
        monkeypatch.setattr(sys, "platform", "plan9")


@pytest.mark.usefixtures("system")
def test_alarm_rings_once_at_the_instant_set_last_and_not_before() -> None:
    async def wait() -> None:
        rung: list[int] = []
        done = asyncio.Event()

        def ring() -> None:
            rung.append(now_ns())
            done.set()

        timer = Timer(asyncio.get_running_loop(), ring)
        due_ns = now_ns() + 3 * NS_PER_MS
        timer.set(due_ns + 10**12)
        timer.set(due_ns)
        await asyncio.wait_for(done.wait(), 10)
        await asyncio.sleep(0.003)
        assert len(rung) == 1
        assert rung[0] >= due_ns
        done.clear()
        timer.set(0)  # long past: at once, but not inside the call
        assert not done.is_set()
        await asyncio.wait_for(done.wait(), 10)
        timer.close()

    asyncio.run(wait())


@pytest.mark.usefixtures("system")
def test_closed_alarm_never_rings() -> None:
    async def wait() -> None:
        rung: list[int] = []
        timer = Timer(asyncio.get_running_loop(), lambda: rung.append(1))
        timer.set(now_ns() + NS_PER_MS)
        timer.close()
        timer.set(now_ns())
        await asyncio.sleep(0.004)
        assert rung == []

    asyncio.run(wait())
