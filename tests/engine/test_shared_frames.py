from harness.dialects import OpenAIRealtime
from harness.dialects.carriers.media_stream import MediaStream
from harness.dialects.carriers.tables import TWILIO
from harness.engine.shared_frames import frame_writer, shared_frame
from harness.transport import ready_message


def test_a_message_that_is_the_same_for_all_is_made_ready_once() -> None:
    dialect, written = OpenAIRealtime(), list[bytes]()
    shared = shared_frame(dialect, bytes(960))
    assert len(shared) == len(ready_message(dialect.append_audio(bytes(960))))
    frame_writer(dialect, dialect.open("a"), written.append)(shared)
    assert written == [shared]


def test_stamped_messages_differ_from_session_to_session_and_share_their_audio() -> None:
    dialect, written = MediaStream(TWILIO), list[bytes]()
    shared = shared_frame(dialect, bytes(160))
    for identity in ("a", "b"):
        frame_writer(dialect, dialect.open(identity * 32), written.append)(shared)
    first, second = written
    assert first != second
    assert len(first) == len(second) > len(shared)
