from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.model import CallPlan, Clip
from harness.plan import Seeds, schedule_hash
from harness.plan.dialogue import draw_dialogue
from harness.plan.script import DEFAULT_THINK, Script, parse_script
from harness.plan.toml_table import Span

SHIPPED = sorted((Path(__file__).parents[2] / "corpora" / "dialogues").glob("*.toml"))


def _clip(name: str, language: str = "en-US", tags: tuple[str, ...] = ()) -> Clip:
    return Clip(
        id=name,
        path=f"{name}.wav",
        sha256="",
        rate_hz=16_000,
        channels=1,
        duration_s=2.0,
        speech_start_s=0.1,
        speech_end_s=1.5,
        end_source="exact",
        end_uncertainty_ms=0.0,
        language=language,
        tags=tags,
    )


CLIPS = [_clip(f"c{number}") for number in range(10)] + [
    _clip("hola", "es-MX"),
    _clip("yes", tags=("short",)),
]


def _draw(script: Script, number: int = 0, seed: int = 1) -> CallPlan:
    seeds = Seeds.from_one(seed)
    return draw_dialogue(
        number,
        seeds=seeds,
        script=script,
        clips=CLIPS,
        network="lte",
        frame_ns=20_000_000,
    )


def _parse(turns: str) -> Script:
    return parse_script(f'name = "x"\n{turns}', "x.toml")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_script_can_be_drawn(path: Path) -> None:
    script = parse_script(path.read_text(encoding="utf-8"), path.name)
    call = _draw(script)
    assert script.name == path.stem == call.dialogue
    assert len(call.utterance_ids) == len(call.behaviours) == len(script.turns)


def test_five_scripts_are_shipped() -> None:
    assert len(SHIPPED) == 5


@given(number=st.integers(0, 10_000), seed=st.integers(0, 2**32))
def test_a_call_depends_on_its_number_and_the_seeds_alone(number: int, seed: int) -> None:
    script = parse_script(SHIPPED[0].read_text(encoding="utf-8"), "x")
    first, again = _draw(script, number, seed), _draw(script, number, seed)
    assert first == again
    assert schedule_hash([first]) == schedule_hash([again])
    assert first.network == "lte"


def test_a_turn_says_what_it_asks_for() -> None:
    script = _parse(
        '[[turn]]\nsay = { id = "c3" }\n[[turn]]\nsay = { language = "es" }\n'
        '[[turn]]\nsay = { tag = "short" }\n[[turn]]\nsay = { language = "en", tag = "short" }\n'
    )
    assert _draw(script).utterance_ids == ("c3", "hola", "yes", "yes")


def test_a_turn_may_press_keys_which_shifts_no_other() -> None:
    with_keys = _parse('[[turn]]\n[[turn]]\nsay = { digits = "12#" }\n[[turn]]\n')
    without = _parse("[[turn]]\n[[turn]]\n")
    first, keys, last = _draw(with_keys).utterance_ids
    assert keys == "dtmf:12#"
    assert (first, last) == _draw(without).utterance_ids
    assert with_keys.presses_keys
    assert not without.presses_keys


def test_nothing_is_said_twice_while_there_is_something_else() -> None:
    call = _draw(_parse("[[turn]]\nrepeat = 12\n"))
    assert len(set(call.utterance_ids)) == 12
    assert len(_draw(_parse("[[turn]]\nrepeat = 13\n")).utterance_ids) == 13


def test_a_turn_that_nothing_fits_is_named() -> None:
    with pytest.raises(BadInput, match="dialogue x, turn 2"):
        _draw(_parse('[[turn]]\n[[turn]]\nsay = { tag = "none" }\n'))


def test_behaviour_is_drawn_as_written() -> None:
    script = _parse(
        "[[turn]]\nrepeat = 200\nthink = { low_ms = 5, high_ms = 7 }\n"
        "barge_in = { low_ms = 400, high_ms = 1500, chance = 0.5 }\n"
        "backchannels = { every_ms = 600, most = 2 }\n"
        "hesitation = { low_ms = 100, high_ms = 200, chance = 0 }\n"
        'expect_tool = "book"\n'
    )
    call = _draw(script)
    assert all(5 <= pause <= 7 for pause in call.think_ms)
    barged = [turn.barge_in_ms for turn in call.behaviours if turn.barge_in_ms is not None]
    assert 70 < len(barged) < 130
    assert all(400 <= at <= 1500 for at in barged)
    for turn in call.behaviours:
        assert turn.expected_tool == "book"
        assert turn.hesitation_ms == 0
        limit = float("inf") if turn.barge_in_ms is None else turn.barge_in_ms
        assert turn.backchannels_ms == tuple(at for at in (600.0, 1200.0) if at < limit)
        assert 200 <= turn.tool_ms <= 600
    assert call.behaviours[-1].barge_in_ms is None, "there is nothing left to interrupt with"


def test_recordings_of_backchannels_are_given_as_such_and_said_only_when_asked_for() -> None:
    clips = [*CLIPS[:3], _clip("mhm", tags=("backchannel",)), _clip("aha", tags=("backchannel",))]
    script = _parse('[[turn]]\nrepeat = 9\n[[turn]]\nsay = { tag = "backchannel" }\n')
    calls = [
        draw_dialogue(
            number,
            seeds=Seeds.from_one(1),
            script=script,
            clips=clips,
            network="none",
            frame_ns=20_000_000,
        )
        for number in range(20)
    ]
    for call in calls:
        assert {"mhm", "aha"}.isdisjoint(call.utterance_ids[:-1])
        assert call.utterance_ids[-1] in ("mhm", "aha")
    assert {call.backchannel_id for call in calls} == {"mhm", "aha"}
    assert _draw(script=_parse("[[turn]]\n")).backchannel_id == ""


def test_pauses_are_those_of_conversation_unless_the_script_says_otherwise() -> None:
    pauses = sorted(_draw(_parse("[[turn]]\nrepeat = 400\n")).think_ms)
    assert pauses[200] == pytest.approx(DEFAULT_THINK.low_ms, rel=0.2)
    assert pauses[-1] <= DEFAULT_THINK.high_ms
    script = parse_script(
        'name = "x"\nthink = { low_ms = 50, high_ms = 60 }\n[[turn]]\n[[turn]]\n'
        "think = { median_ms = 9000, sigma = 0.1, most_ms = 100 }\n",
        "x",
    )
    first, second = _draw(script).think_ms
    assert 50 <= first <= 60
    assert second == 100


def test_one_turns_luck_does_not_shift_the_next_ones() -> None:
    never = Span(low_ms=1, high_ms=2, chance=0.0)
    text = "[[turn]]\n{}[[turn]]\nbarge_in = {{ low_ms = 1, high_ms = 999 }}\n"
    rare = _parse(text.format("barge_in = { low_ms = 1, high_ms = 9, chance = 0 }\n"))
    sure = _parse(text.format("barge_in = { low_ms = 1, high_ms = 9 }\n"))
    assert never.chance == 0
    assert _draw(rare).behaviours[1] == _draw(sure).behaviours[1]
