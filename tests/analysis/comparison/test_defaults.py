from harness.analysis.comparison.defaults import default_objectives


def test_the_headlines_tail_decides() -> None:
    first, *others = default_objectives(0.1)
    assert str(first) == "voice_to_voice P95"
    assert first.primary
    assert first.tolerance is not None
    assert first.tolerance.size == 0.1
    assert not any(other.primary for other in others)
    assert all(other.tolerance is not None for other in others)
