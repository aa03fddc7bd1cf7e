from dataclasses import replace
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from harness.network.tcp.stalls import Setting, compile_stalls

CADENCE_MS = 20.0


def play(changes: list[Setting], arrives_ms: list[float]) -> list[float]:
    """A latency toxic as Toxiproxy has it: one message at a time, a change lets it go."""
    delivered: list[float] = []
    free_ms, latency_ms, pending = 0.0, 0, list(changes)
    for came_ms in arrives_ms:
        at_ms = max(came_ms, free_ms)
        # What was queued already is being slept on when the second of two changes comes.
        queued = came_ms < at_ms
        while pending and (pending[0].at_ms < at_ms or (not queued and pending[0].at_ms == at_ms)):
            latency_ms = pending.pop(0).latency_ms
        leaves_ms = max(at_ms, came_ms + latency_ms)
        if pending and pending[0].at_ms < leaves_ms:
            change = pending.pop(0)
            leaves_ms, latency_ms = change.at_ms, change.latency_ms
        delivered.append(leaves_ms)
        free_ms = leaves_ms
    return delivered


def compiled(late_ms: list[float]) -> tuple[list[float], list[float], list[Setting]]:
    arrives = [100 + n * CADENCE_MS for n in range(len(late_ms))]
    wanted = list(accumulate((a + late for a, late in zip(arrives, late_ms, strict=True)), max))
    credit = [0.0] * len(arrives)
    return arrives, wanted, compile_stalls(arrives, wanted, credit_ms=credit, cadence_ms=CADENCE_MS)


def test_nothing_late_needs_no_setting() -> None:
    assert compiled([0.0] * 50)[2] == []
    assert compiled([7.9] * 50)[2] == []


def test_a_stall_is_one_closing_and_one_opening() -> None:
    _, wanted, changes = compiled([0.0, 0, 60, 40, 20, 0, 0])
    assert [bool(change.latency_ms) for change in changes] == [True, False]
    assert changes[0].at_ms < 140
    assert changes[1].at_ms == wanted[2]


def test_a_hold_never_runs_out_by_itself() -> None:
    _, _, changes = compiled([0.0, 9000, *[0.0] * 20])
    assert changes[0].latency_ms > 9000


def test_a_late_message_makes_up_for_the_wait_toxiproxy_counts_as_served() -> None:
    arrives = [n * CADENCE_MS for n in range(4)]
    wanted = [0.0, 32.0, 40.0, 60.0]
    changes = compile_stalls(
        arrives, wanted, credit_ms=[0.0, 30.0, 7.0, 7.0], cadence_ms=CADENCE_MS
    )
    assert changes[0].latency_ms == 12 + 30


stretches = st.lists(
    st.one_of(
        st.floats(0, 0),
        st.floats(21, 300),
        st.floats(10, 18),
    ),
    min_size=1,
    max_size=80,
)


@given(late_ms=stretches)
def test_a_toxic_so_set_delivers_what_was_wanted(late_ms: list[float]) -> None:
    arrives, wanted, changes = compiled(late_ms)
    assert [change.at_ms for change in changes] == sorted(change.at_ms for change in changes)
    got = play(changes, arrives)
    off = [abs(g - w) for g, w in zip(got, wanted, strict=True)]
    assert max(off) <= 9.0, list(zip(arrives, wanted, got, strict=True))


@given(late_ms=stretches, lag_ms=st.floats(0, 2.5))
def test_changes_that_come_a_little_late_let_nobody_else_go(
    late_ms: list[float], lag_ms: float
) -> None:
    arrives, wanted, changes = compiled(late_ms)
    late = [replace(change, at_ms=change.at_ms + lag_ms) for change in changes]
    got = play(late, arrives)
    off = [abs(g - w) for g, w in zip(got, wanted, strict=True)]
    assert max(off) <= 9.0 + lag_ms, list(zip(arrives, wanted, got, strict=True))


def test_a_change_without_effect_delays_one_message_and_not_all_that_come_after() -> None:
    arrives, wanted, changes = compiled([0.0, 80, 60, 80, 60, 80, 60, 40, 20, 0, 0])
    released = [number for number, change in enumerate(changes) if change.at_ms == wanted[1]]
    assert len(released) == 2
    del changes[released[0]]
    got = play(changes, arrives)
    off = [g - w for g, w in zip(got, wanted, strict=True)]
    assert 0 < off[2] < CADENCE_MS + 20
    assert [abs(ms) <= 1 for number, ms in enumerate(off) if number != 2] == [True] * 10, off


@given(late_ms=stretches)
def test_after_the_last_stall_everything_passes(late_ms: list[float]) -> None:
    changes = compiled([*late_ms, 0.0])[2]
    assert not changes or changes[-1].latency_ms == 0
