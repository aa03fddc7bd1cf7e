from harness.model import (
    AudioDelta,
    InputCommitted,
    Notice,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    SessionConfigured,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TokenUsage,
)
from harness.session import EventCoverage, missing_events

WHOLE = (
    SessionConfigured("{}"),
    SpeechStarted("i"),
    SpeechStopped("i"),
    InputCommitted("i"),
    ResponseCreated("r"),
    TextDelta("r"),
    AudioDelta(b"", "r"),
    ResponseDone("r", ResponseStatus.COMPLETED, usage=TokenUsage()),
)


def test_a_server_that_tells_everything_leaves_nothing_to_say() -> None:
    coverage = EventCoverage()
    for event in WHOLE:
        coverage.note(event)
    assert missing_events(coverage.seen) == ()


def test_every_silence_has_its_own_words() -> None:
    coverage = EventCoverage()
    coverage.note(AudioDelta(b""))
    coverage.note(Notice("rate_limits.updated"))
    said = missing_events(coverage.seen)
    assert len(said) == len(set(said)) == 8
    assert any("endpoint delay" in words for words in said)


def test_either_of_two_events_tells_the_decision() -> None:
    for event in (SpeechStopped(), InputCommitted()):
        coverage = EventCoverage()
        coverage.note(event)
        assert not any("endpoint delay" in words for words in missing_events(coverage.seen))


def test_nulls_for_ids_and_usage_are_silence() -> None:
    coverage = EventCoverage()
    for event in (
        *WHOLE[:4],
        ResponseCreated(),
        TextDelta(),
        AudioDelta(b""),
        ResponseDone("", ResponseStatus.COMPLETED),
    ):
        coverage.note(event)
    assert [words.split(":")[0] for words in missing_events(coverage.seen)] == [
        "which response a message belongs to",
        "the tokens it used",
    ]
