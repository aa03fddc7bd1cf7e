from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model import CallPlan, Clip
from harness.plan import Dialogue, Seeds, draw_call
from harness.plan.pairing import Pairing, pair, with_conditions

FRAME_NS = 20_000_000


def _clip(name: str, condition: str = "", *, of: str = "") -> Clip:
    return Clip(
        id=name,
        path=f"{name}.wav",
        sha256="",
        rate_hz=8_000,
        channels=1,
        duration_s=2.0,
        speech_start_s=0.1,
        speech_end_s=1.5,
        end_source="exact",
        end_uncertainty_ms=0.0,
        utterance=of,
        condition=condition,
    )


def _crossed(conditions: tuple[str, ...], utterances: int = 5) -> list[Clip]:
    return [
        _clip(f"{name}@{condition}" if condition else str(name), condition, of=str(name))
        for name in range(utterances)
        for condition in conditions
    ]


def _call(pairing: Pairing, number: int) -> CallPlan:
    drawn = draw_call(
        pairing.group(number),
        seeds=Seeds(),
        dialogue=Dialogue(turns=3),
        utterance_ids=[clip.id for clip in pairing.utterances],
        network="none",
        frame_ns=FRAME_NS,
    )
    return pairing.under(drawn, number, FRAME_NS)


@given(count=st.integers(2, 5), group=st.integers(0, 40))
def test_a_group_says_the_same_words_once_under_each_condition(count: int, group: int) -> None:
    names = ("clean", "noisy", "phone", "room", "loud")[:count]
    pairing = pair(_crossed(names))
    assert pairing is not None
    calls = [_call(pairing, group * count + place) for place in range(count)]
    said = [[name.split("@") for name in call.utterance_ids] for call in calls]
    assert {tuple(words for words, _ in call) for call in said} == {
        tuple(words for words, _ in said[0])
    }
    assert sorted({condition for _, condition in call}.pop() for call in said) == sorted(names)
    assert all(len({condition for _, condition in call}) == 1 for call in said)
    assert len({call.think_ms for call in calls}) == 1
    assert len({call.phase_ns for call in calls}) == count
    assert [call.number for call in calls] == [group * count + place for place in range(count)]


def test_a_backchannel_is_drawn_under_the_condition_too() -> None:
    pairing = pair(_crossed(("clean", "noisy")))
    assert pairing is not None
    drawn = CallPlan(number=0, network="none", utterance_ids=("1",), think_ms=(0.0,))
    assert pairing.under(drawn, 1, FRAME_NS).backchannel_id == ""
    given = replace(drawn, backchannel_id="2")
    assert pairing.under(given, 1, FRAME_NS).backchannel_id == "2@noisy"


def test_every_condition_is_the_first_of_its_group_in_turn() -> None:
    pairing = pair(_crossed(("clean", "noisy", "phone")))
    assert pairing is not None
    first = [_call(pairing, 3 * group).utterance_ids[0].split("@")[1] for group in range(3)]
    assert sorted(first) == ["clean", "noisy", "phone"]


def test_originals_pair_with_what_was_made_of_them() -> None:
    clips = [
        _clip("a"),
        _clip("b"),
        _clip("a-10db", "noisy", of="a"),
        _clip("b-x", "noisy", of="b"),
    ]
    pairing = pair(clips)
    assert pairing is not None
    assert pairing.conditions == ("", "noisy")
    assert [clip.id for clip in pairing.utterances] == ["a", "b"]
    assert pairing.clip_ids["a", "noisy"] == "a-10db"


@pytest.mark.parametrize(
    "clips",
    [
        [_clip("a"), _clip("b")],
        _crossed(("clean", "noisy"))[:-1],
        [*_crossed(("clean", "noisy")), _clip("alone")],
        [replace(clip, utterance="") for clip in _crossed(("clean", "noisy"))],
        [*_crossed(("clean", "noisy")), _clip("again", "noisy", of="0")],
        [],
    ],
    ids=["no conditions", "one missing", "one without", "nothing in common", "one twice", "empty"],
)
def test_a_corpus_that_is_not_crossed_is_drawn_as_ever(clips: list[Clip]) -> None:
    assert pair(clips) is None


def test_a_call_knows_the_condition_of_each_of_its_utterances() -> None:
    clips = [_clip("a"), _clip("a-noisy", "noisy", of="a")]
    plan = CallPlan(number=0, network="n", utterance_ids=("a-noisy", "a"), think_ms=(0.0, 0.0))
    told = with_conditions(plan, clips)
    assert [told.condition(turn) for turn in (0, 1)] == [("noisy", "a"), ("", "")]
    assert with_conditions(plan, clips[:1]) == plan


def test_a_call_that_is_told_its_words_knows_its_group_and_condition_before() -> None:
    pairing = pair(_crossed(("clean", "noise")))
    assert pairing is not None
    told = [pairing.untold(_call(pairing, number), number, FRAME_NS) for number in range(4)]
    assert [(one.number, one.group, one.spoken_under) for one in told] == [
        (0, 0, "clean"),
        (1, 0, "noise"),
        (2, 1, "noise"),
        (3, 1, "clean"),
    ]
