import asyncio
from collections.abc import Callable

import pytest
import uvloop

from harness.clock import now_ns
from harness.engine.timer import DeadlineTimer
from harness.model import NS_PER_MS


def fire(deadlines_ms: list[float], *, portable: bool) -> list[int]:
    """Arm a timer for each deadline in turn and return how late each call came, in ns."""
    late_ns: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        start_ns = now_ns()
        due = [start_ns + round(ms * NS_PER_MS) for ms in deadlines_ms]

        def called() -> None:
            at_ns = now_ns()
            if at_ns < due[len(late_ns)]:
                timer.arm(due[len(late_ns)])  # the portable timer goes round the loop
                return
            late_ns.append(at_ns - due[len(late_ns)])
            if len(late_ns) == len(due):
                done.set()
            else:
                timer.arm(due[len(late_ns)])

        timer = DeadlineTimer(loop, called)
        timer.arm(due[0])
        async with asyncio.timeout(20):
            await done.wait()
        timer.close()

    with pytest.MonkeyPatch.context() as patch:
        if portable:
            patch.setattr("sys.platform", "portable")
        uvloop.run(main())
    return late_ns


@pytest.mark.parametrize("portable", [False, True])
def test_every_deadline_is_met_once_and_not_before(portable: bool) -> None:
    late_ns = fire([5, 5.3, 9, 9.05, 30], portable=portable)
    assert len(late_ns) == 5
    assert all(late >= 0 for late in late_ns)


@pytest.mark.parametrize("portable", [False, True])
def test_a_deadline_that_has_passed_is_met_at_once(portable: bool) -> None:
    assert len(fire([-50, -20, 1], portable=portable)) == 3


def test_a_closed_timer_never_calls() -> None:
    calls: list[int] = []

    async def main(sleep: Callable[[float], object]) -> None:
        timer = DeadlineTimer(asyncio.get_running_loop(), lambda: calls.append(1))
        timer.arm(now_ns() + 5 * NS_PER_MS)
        timer.close()
        await asyncio.sleep(0.02)

    uvloop.run(main(asyncio.sleep))
    assert calls == []
