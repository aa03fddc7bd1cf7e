from harness.bench.client_trials import Sample
from harness.bench.sustained import sustain
from tests.bench.trials import sample, trials


def test_a_number_that_does_not_hold_for_long_is_lowered_until_it_does() -> None:
    asked: list[tuple[str, int, float]] = []

    def ask(number: int, seconds: float) -> Sample:
        asked.append(("run", number, seconds))
        return sample(number, frames_sent=1000 if number <= 70 else 999)

    def alone(number: int, seconds: float) -> Sample:
        asked.append(("engine", number, seconds))
        return sample(number)

    client, engine = trials("run", 100, ask), trials("engine", 100, alone)
    found = sustain(client, engine, 100, 60.0, lambda _: None)
    assert asked == [
        ("run", 100, 60.0),
        ("run", 80, 60.0),
        ("run", 64, 60.0),
        ("engine", 64, 60.0),
    ]
    assert found.sessions == 64
    assert found.failed == (
        "100 sessions for 60 s: 1 of 1000 frames missing",
        "80 sessions for 60 s: 1 of 1000 frames missing",
    )


def test_where_no_number_holds_it_ends_with_the_last_and_the_reasons() -> None:
    client = trials("run", 100, lambda number, _: sample(number, late_p99_ms=9.0))
    engine = trials("engine", 100, lambda number, _: sample(number))
    found = sustain(client, engine, 2, 60.0, lambda _: None)
    assert found.sessions is None
    assert found.failed[-1] == "1 sessions for 60 s: P99 9.0 ms"
    assert found.sample["late_p99_ms"] == 9.0
