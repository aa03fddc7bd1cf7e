"""Every dialect besides OpenAI's begins with these, and says nothing that its API does not."""

from harness.dialects import SessionSettings
from harness.dialects.plain import PlainDialect, PlainSession
from harness.model import RequestResponse, SessionConfigured


def test_nothing_is_asked_and_nothing_is_claimed_to_differ() -> None:
    dialect, settings = PlainDialect(), SessionSettings(model="m")
    assert (dialect.configure(settings), dialect.asked(settings)) == ([], {})
    assert dialect.headers("a key", "wss://x") == []
    assert dialect.differences(settings, SessionConfigured("null")) == ()
    assert not dialect.commits(settings)


def test_nothing_is_owed() -> None:
    session = PlainSession()
    assert session.frame(b"frame") == b"frame"
    said = [session.opening(), session.request(RequestResponse()), session.closing()]
    assert [*said, session.mark_played("m"), session.playback_cleared()] == [[]] * 5
