import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.clock import now_ns
from harness.model import NS_PER_MS
from harness.simulator.timing.deadlines import Deadlines


@given(st.lists(st.tuples(st.integers(-2_000, 9_000), st.booleans()), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_deadlines_are_met_in_order_never_early_and_only_if_not_called_off(
    wanted: list[tuple[int, bool]],
) -> None:
    met: list[tuple[int, int, int]] = []

    async def wait() -> list[tuple[int, int]]:
        deadlines = Deadlines(asyncio.get_running_loop())
        start_ns = now_ns()
        kept = []
        for number, (offset_us, cancelled) in enumerate(wanted):
            due_ns = start_ns + offset_us * 1000

            def meet(due_ns: int = due_ns, number: int = number) -> None:
                met.append((due_ns, number, now_ns()))

            timer = deadlines.at(due_ns, meet)
            if cancelled:
                timer.cancel()
            else:
                kept.append((due_ns, number))
        done = asyncio.Event()
        deadlines.at(start_ns + 10 * NS_PER_MS, done.set)
        await asyncio.wait_for(done.wait(), 10)
        return sorted(kept)

    kept = asyncio.run(wait())
    assert [(due_ns, number) for due_ns, number, _ in met] == kept
    assert all(at_ns >= due_ns for due_ns, _, at_ns in met)


def test_deadline_asked_for_inside_another_is_met() -> None:
    async def chain() -> int:
        deadlines = Deadlines(asyncio.get_running_loop())
        done = asyncio.Event()
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1
            if steps == 5:
                done.set()
            else:
                deadlines.at(now_ns() + NS_PER_MS, step)

        deadlines.at(now_ns(), step)
        await asyncio.wait_for(done.wait(), 10)
        return steps

    assert asyncio.run(chain()) == 5


def test_closed_timers_stay_silent() -> None:
    async def close() -> None:
        deadlines = Deadlines(asyncio.get_running_loop())
        met: list[int] = []
        deadlines.at(now_ns(), lambda: met.append(1))
        deadlines.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert met == []

    asyncio.run(close())


def test_whoever_is_awake_can_see_and_fire_what_is_due() -> None:
    async def look() -> None:
        deadlines = Deadlines(asyncio.get_running_loop())
        met: list[str] = []
        due_ns = now_ns() - 1
        deadlines.at(now_ns() + 10**12, lambda: met.append("late"))
        later_ns = deadlines.next_ns
        deadlines.at(due_ns, lambda: met.append("due"))
        assert deadlines.next_ns == due_ns
        deadlines.fire()
        assert met == ["due"]
        assert deadlines.next_ns == later_ns
        deadlines.close()

    asyncio.run(look())
