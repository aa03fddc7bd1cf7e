from harness.bench.client_trials import Sample
from harness.bench.steadiness import ALONE, PLAIN, UNDER_LOCUST, hold_in_turns
from tests.bench.trials import sample, trials


def test_clients_hold_their_numbers_in_turns_and_every_trial_is_kept() -> None:
    asked: list[str] = []

    def under(number: int, _: float) -> Sample:
        asked.append(f"run {number}")
        late_ms = 3.0 if len(asked) == 1 else 21.0
        return sample(number, late_p999_ms=late_ms, paused=False)

    def alone(number: int, _: float) -> Sample:
        asked.append(f"engine {number}")
        return sample(number, late_p999_ms=2.0, paused=False)

    def plain(number: int, _: float) -> Sample:
        asked.append(f"plain {number}")
        return sample(number, late_p99_ms=None, late_p999_ms=None, paused=False)

    clients = [
        (trials(UNDER_LOCUST, 40, under), 40),
        (trials(ALONE, 40, alone), 40),
        (trials(PLAIN, 10, plain), 10),
    ]
    found = hold_in_turns(clients, 2, 12.0, lambda _: None)
    assert asked == ["run 40", "engine 40", "plain 10"] * 2
    assert found.held(UNDER_LOCUST) == (1, 2)
    assert found.held(ALONE) == (2, 2)
    assert found.held(PLAIN) == (0, 2)
    assert found.locust_ratios == (1.5, 10.5)
    assert found.worst_p999_ms(UNDER_LOCUST) == 21.0
    assert found.worst_p999_ms(PLAIN) is None
    assert [trial.failures for trial in found.trials if trial.client == UNDER_LOCUST] == [
        (),
        ("P99.9 21.0 ms",),
    ]
    assert found.as_json()["trials"][0]["held"] is True
