from harness.dialects import OpenAIRealtime
from harness.model import Notice, RequestResponse


def test_one_message_is_one_event_and_nothing_is_owed() -> None:
    session = OpenAIRealtime().open("any")
    assert session.parse(b'{"type":"never.heard.of"}') == (Notice("never.heard.of"),)
    assert session.request(RequestResponse()) == [b'{"type":"response.create"}']
    assert session.frame(b"as it is") == b"as it is"
    assert session.playback_cleared() == []
    assert (session.opening(), session.mark_played("m"), session.closing()) == ([], [], [])
    assert session.identifier == ""
