from harness.bench.workload import draw_plan, kb_per_session, short_corpus

FRAME_NS = 20_000_000
NAMES = ("a", "b", "c")


def test_both_clients_draw_the_same_call_and_neighbours_start_apart() -> None:
    first, again, other = (
        draw_plan(n, 4, seed=1, utterance_ids=NAMES, frame_ns=FRAME_NS) for n in (1, 1, 2)
    )
    assert first == again
    assert (first.think_ms[0], other.think_ms[0]) == (900.0, 1_800.0)
    assert set(first.utterance_ids) <= set(NAMES)


def test_the_shortest_recordings_are_said() -> None:
    lengths_s = [clip.duration_s for clip in short_corpus().clips]
    assert len(lengths_s) == 8
    assert lengths_s == sorted(lengths_s)


def test_memory_that_the_system_does_not_say_is_not_zero() -> None:
    assert kb_per_session(None, 100, 2) is None
    assert kb_per_session(100, 150, 20) == 2.5
