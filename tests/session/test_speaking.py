from hypothesis import given
from hypothesis import strategies as st

from harness.session.encoded_utterance import EncodedUtterance
from harness.session.sent_frames import SentFrames
from harness.session.speaking import Speaking

FRAME = 480


def utterance(
    frames: int, end_frame: int, pressed: frozenset[int] = frozenset()
) -> EncodedUtterance:
    return EncodedUtterance(
        keys=dict.fromkeys(pressed, "1"),
        utterance_id="u",
        messages=[b"%d" % number for number in range(frames)],
        onset_sample=0,
        end_sample=end_frame * FRAME + 7,
    )


@given(st.data(), st.integers(1, 12))
def test_every_frame_goes_out_once_in_order_and_some_of_them_by_decision(
    data: st.DataObject, frames: int
) -> None:
    end_frame = data.draw(st.integers(0, frames - 1))
    speaking, sending = Speaking(FRAME), SentFrames()
    pressed = data.draw(st.frozensets(st.integers(0, frames - 1)))
    speaking.begin(utterance(frames, end_frame, pressed))
    out: list[bytes] = []
    decided = []
    now_ns = 0
    while speaking.utterance is not None:
        ahead = list(speaking.ready())
        taken = data.draw(st.integers(min(1, len(ahead)), len(ahead)))
        if taken:
            now_ns += taken
            out += ahead[:taken]
            speaking.sent(now_ns, 3, taken, sending)
        if taken == len(ahead):
            now_ns += 1
            decided.append(len(out))
            assert speaking.key == ("1" if len(out) in pressed else "")
            out.append(speaking.say(now_ns, 5, sending))
            if decided[-1] == end_frame:
                assert sending.end_ns == now_ns
    assert out == [b"%d" % number for number in range(frames)]
    assert {end_frame, frames - 1} | pressed == set(decided)
    assert (sending.frames, sending.samples) == (frames, frames * FRAME)
    assert sending.last_ns == now_ns
    assert sending.late_max_ns == 5


def test_who_stops_is_silent_and_begins_the_next_utterance_from_its_start() -> None:
    speaking, sending = Speaking(FRAME), SentFrames()
    speaking.begin(utterance(9, 4))
    speaking.say(1, 0, sending)
    speaking.stop()
    assert speaking.utterance is None
    speaking.begin(utterance(9, 4))
    assert speaking.say(2, 0, sending) == b"0"
