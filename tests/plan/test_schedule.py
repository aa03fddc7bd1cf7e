import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.model import CallPlan
from harness.plan import Dialogue, Seeds, draw_call, schedule_hash

WORDS = [f"clip-{n}" for n in range(12)]


def draw(number: int, seed: int = 1, turns: int = 6) -> CallPlan:
    return draw_call(
        number,
        seeds=Seeds.from_one(seed),
        dialogue=Dialogue(turns=turns),
        utterance_ids=WORDS,
        network="lte_good",
        frame_ns=20_000_000,
    )


@given(st.integers(0, 10**6), st.integers(0, 2**32))
def test_a_call_is_the_same_whoever_draws_it_and_when(number: int, seed: int) -> None:
    assert draw(number, seed) == draw(number, seed)


def test_four_workers_together_hold_the_schedule_of_one() -> None:
    alone = [draw(number) for number in range(40)]
    shares = [[draw(number) for number in range(slot, 40, 4)] for slot in range(4)]
    together = sorted((call for share in shares for call in share), key=lambda call: call.number)
    assert schedule_hash(together) == schedule_hash(alone)


def test_another_seed_is_another_schedule() -> None:
    assert schedule_hash([draw(0, seed=1)]) != schedule_hash([draw(0, seed=2)])


def test_seed_zero_is_a_seed() -> None:
    assert draw(3, seed=0) == draw(3, seed=0)
    assert draw(3, seed=0) != draw(3, seed=1)


@given(st.integers(0, 1000), st.integers(1, 30))
def test_nothing_is_said_twice_in_a_call_while_there_is_enough_to_say(
    number: int, turns: int
) -> None:
    call = draw(number, turns=turns)
    assert len(call.utterance_ids) == turns
    if turns <= len(WORDS):
        assert len(set(call.utterance_ids)) == turns
    assert 0 <= call.phase_ns < 20_000_000
    assert all(300 <= pause <= 900 for pause in call.think_ms)


@pytest.mark.parametrize("wrong", [{"turns": 0}, {"think_ms": (500, 100)}, {"think_ms": (-1, 5)}])
def test_impossible_timing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="Dialogue"):
        Dialogue(**wrong)  # type: ignore[arg-type]
