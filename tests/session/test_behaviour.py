import pytest

from harness.dialects.base64_audio import Base64Audio
from harness.model import AudioFormat, BargeIn, BehaviourOutcome, TurnBehaviour
from harness.session import EncodedUtterance, WireFormat
from harness.session.behaviour import Behaviour
from harness.session.turn.tool_use import ToolUse

MS = 1_000_000
FRAME = 480
WIRE_FORMAT = WireFormat(
    silence=b"s",
    frame_samples=FRAME,
    audio=AudioFormat(24_000),
    new_decoder=Base64Audio,
    limit_ns=10**9,
)
BACKCHANNEL = EncodedUtterance(
    utterance_id="mhm", messages=[b"m", b"h", b"m"], onset_sample=0, end_sample=1_000
)
WORDS = EncodedUtterance(
    utterance_id="w", messages=[b"w"] * 20, onset_sample=2_400, end_sample=9_000
)
HEARD_NS = 5_000 * MS


def listen(behaviour: Behaviour, until_ms: int) -> dict[int, bytes]:
    """Return the backchannels, by milliseconds after the response was first heard."""
    given = {}
    for at_ms in range(0, until_ms, 20):
        message = behaviour.backchannel_frame(HEARD_NS + at_ms * MS, HEARD_NS)
        if message is not None:
            given[at_ms] = message
    return given


def test_backchannels_go_out_at_their_offsets_whole_and_never_two_at_once() -> None:
    behaviour = Behaviour(
        TurnBehaviour(backchannels_ms=(30, 50, 200)), BACKCHANNEL, None, WIRE_FORMAT
    )
    assert behaviour.next_ns(None) is None
    assert behaviour.next_ns(HEARD_NS) == HEARD_NS + 30 * MS
    assert listen(behaviour, 400) == {
        40: b"m", 60: b"h", 80: b"m", 200: b"m", 220: b"h", 240: b"m",
    }  # fmt: skip
    assert behaviour.next_ns(HEARD_NS) is None
    told = behaviour.outcome(ToolUse(), None)
    assert told == BehaviourOutcome(backchannels=2)


def test_a_backchannel_that_the_server_heard_counts_once_and_only_for_a_while() -> None:
    behaviour = Behaviour(TurnBehaviour(backchannels_ms=(0, 5_000)), BACKCHANNEL, None, WIRE_FORMAT)
    assert not behaviour.was_taken_for_a_turn(HEARD_NS)
    listen(behaviour, 100)
    assert behaviour.was_taken_for_a_turn(HEARD_NS + 300 * MS)
    assert not behaviour.was_taken_for_a_turn(HEARD_NS + 310 * MS), "its second word of it"
    listen(behaviour, 5_100)
    assert not behaviour.was_taken_for_a_turn(HEARD_NS + 6_500 * MS), (
        "too late to be of a backchannel"
    )
    told = behaviour.outcome(ToolUse(), None)
    assert told is not None
    assert (told.backchannels, told.backchannels_taken) == (2, 1)


@pytest.mark.parametrize(("barge_in_ms", "begins_ms"), [(700.0, 600), (100.0, 0), (20.0, 0)])
def test_an_interruption_begins_so_early_that_its_speech_does_at_the_offset(
    barge_in_ms: float, begins_ms: int
) -> None:
    behaviour = Behaviour(TurnBehaviour(barge_in_ms=barge_in_ms), None, WORDS, WIRE_FORMAT)
    assert behaviour.cuts_in_ns(None) is None
    assert behaviour.cuts_in_ns(HEARD_NS) == HEARD_NS + begins_ms * MS
    assert behaviour.next_ns(HEARD_NS) == HEARD_NS + begins_ms * MS


def test_who_has_nothing_to_say_does_not_interrupt() -> None:
    behaviour = Behaviour(TurnBehaviour(barge_in_ms=100), BACKCHANNEL, None, WIRE_FORMAT)
    assert behaviour.next_ns(HEARD_NS) is None


def test_an_interruption_that_did_not_come_to_be_was_missed() -> None:
    behaviour = Behaviour(TurnBehaviour(barge_in_ms=100), None, WORDS, WIRE_FORMAT)
    missed = behaviour.outcome(ToolUse(), None)
    tools = ToolUse()
    tools.called("t")
    stopped = behaviour.outcome(tools, BargeIn.STOPPED)
    assert missed == BehaviourOutcome(barge_in=BargeIn.MISSED)
    assert stopped == BehaviourOutcome(barge_in=BargeIn.STOPPED, tools=("t",))


def test_a_turn_of_which_nothing_was_asked_has_nothing_to_tell() -> None:
    assert (
        Behaviour(TurnBehaviour(tool_ms=300), BACKCHANNEL, WORDS, WIRE_FORMAT).outcome(
            ToolUse(), None
        )
        is None
    )
