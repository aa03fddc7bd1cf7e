import asyncio
import time

import numpy as np

from harness.network import NetworkLayer
from harness.network.probe.proxy_overhead import OverheadWatch, overhead_of


def test_the_cost_is_the_difference_of_medians() -> None:
    found = overhead_of(np.array([1.0, 1, 5]), np.array([2.0, 3, 4]))
    assert found.round_trips == 3
    assert (found.direct_p50_ms, found.proxied_p50_ms, found.added_ms) == (1, 3, 2)


def test_it_is_measured_beside_whatever_runs_on_the_loop(layer: NetworkLayer) -> None:
    with asyncio.Runner() as runner:
        assert layer.watch_overhead(runner.run) == ""
        layer.forget()

        give_up_s = time.monotonic() + 20
        while (found := layer.overhead()) is None or found.round_trips < 3:
            assert time.monotonic() < give_up_s
            runner.run(asyncio.sleep(0.02))
        assert min(found.direct_p50_ms, found.proxied_p50_ms) > 0
        layer.forget()
        assert layer.overhead() is None
        runner.run(layer.end_overhead())
        runner.run(asyncio.sleep(0.02))
        runner.run(layer.end_overhead())


def test_a_way_that_leads_nowhere_is_said() -> None:
    async def main() -> str:
        watch = OverheadWatch("127.0.0.1")
        await watch.listen()
        why = await watch.begin(("127.0.0.1", 1))
        watch.end()
        assert watch.found() is None
        return why

    assert asyncio.run(main())
