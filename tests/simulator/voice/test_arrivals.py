from hypothesis import given
from hypothesis import strategies as st

from harness.simulator.voice.arrivals import Arrivals


@given(st.integers(0, 300), st.integers(0, 600))
def test_the_last_128_are_kept_in_order(before: int, count: int) -> None:
    arrivals = Arrivals()
    for earlier in range(before):
        arrivals.add(-earlier, -earlier)
    arrivals.clear()
    assert not arrivals.end_samples
    for number in range(count):
        arrivals.add(number, 10**15 + number)
    wanted = tuple(range(max(0, count - 128), count))
    assert arrivals.end_samples == wanted
    assert arrivals.received_ns == tuple(10**15 + number for number in wanted)
