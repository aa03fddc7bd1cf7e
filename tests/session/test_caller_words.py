from harness.model import (
    CallerTranscript,
    CallerWords,
    Event,
    InputCommitted,
    SessionCreated,
    SpeechStarted,
    SpeechStopped,
)
from harness.session import Caller
from tests.session.answering import MS, Answering, hang_up, new_session


def called(*said: tuple[int, Event], turns: int = 1) -> tuple[CallerWords, ...]:
    """Hold a call whose first utterance ends about 300 ms in and is answered 800 ms later."""
    session: Caller = new_session(turns=turns)
    session.receive(SessionCreated("sess"), 10 * MS)
    server = Answering(session, latency_ms=800)
    server.expect(list(said))
    server.run(until_ms=30_000)
    return hang_up(session).caller_words


def words(understood: str | None, turn: int = 0) -> CallerWords:
    return CallerWords(turn_index=turn, utterance_id=f"u{turn}", understood=understood)


def test_the_transcript_of_an_item_belongs_to_the_turn_that_it_was_first_named_in() -> None:
    told = called(
        (150, SpeechStarted("a")),
        (400, SpeechStopped("a")),
        (410, InputCommitted("a")),
        (900, CallerTranscript("a", "Hello there.")),
        (950, CallerTranscript("never named", "Nothing")),
    )
    assert told == (words("Hello there."),)


def test_a_transcript_may_come_in_a_later_turn() -> None:
    told = called(
        (400, InputCommitted("a")),
        (2_100, CallerTranscript("a", "first")),
        turns=2,
    )
    assert told == (words("first"),)


def test_several_items_of_one_utterance_are_put_together_and_all_have_to_be_told() -> None:
    items: list[tuple[int, Event]] = [(200, InputCommitted("a")), (400, InputCommitted("b"))]
    first: tuple[int, Event] = (500, CallerTranscript("b", "large one"))
    assert called(*items, first, (600, CallerTranscript("a", "A"))) == (words("A large one"),)
    assert called(*items, first) == (words(None),)
    assert called(*items, first, (600, CallerTranscript("a", None))) == (words(None),)


def test_what_is_heard_after_the_answer_is_no_part_of_the_utterance() -> None:
    told = called(
        (400, InputCommitted("a")),
        (500, CallerTranscript("a", "hello")),
        (1_200, SpeechStarted("mhm")),
        (1_210, CallerTranscript("mhm", "Yes, yes")),
    )
    assert told == (words("hello"),)


def test_an_api_that_tells_no_transcripts_has_understood_nothing_and_that_is_not_said() -> None:
    assert called((400, InputCommitted("a"))) == ()
