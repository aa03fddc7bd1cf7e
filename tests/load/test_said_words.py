from harness.load.said_words import with_said
from harness.model import CallerWords, SessionRecord


def test_the_corpus_words_stand_beside_what_was_understood() -> None:
    heard = CallerWords(turn_index=0, utterance_id="u", understood="hallo")
    unknown = CallerWords(turn_index=1, utterance_id="v", understood="you")
    session = SessionRecord(
        session_id="s",
        call_number=0,
        network="none",
        turns_planned=2,
        caller_words=(heard, unknown),
    )
    words = with_said(session, {"u": "Hello"}).caller_words
    assert [(one.said, one.understood) for one in words] == [("Hello", "hallo"), ("", "you")]
