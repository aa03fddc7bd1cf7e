import pytest

from harness.model import (
    AudioDelta,
    OfResponse,
    ResponseCreated,
    ResponseDone,
    ResponseStatus,
    TextDelta,
)
from harness.session.repeated_ids import RepeatedIds

CREATED, DONE = ResponseCreated("r"), ResponseDone("r", ResponseStatus.COMPLETED)
NAMELESS_DONE = ResponseDone("", ResponseStatus.FAILED)
AUDIO = AudioDelta(b"", "r")


@pytest.mark.parametrize(
    ("events", "again"),
    [
        ([CREATED, AUDIO, DONE, CREATED, AUDIO], [False, False, False, True, False]),
        ([CREATED, CREATED], [False, False]),
        ([DONE, CREATED], [False, False]),
        ([CREATED, DONE, AUDIO, DONE, CREATED, DONE, CREATED], [False] * 4 + [True, False, True]),
        ([AUDIO, DONE, AUDIO, AUDIO], [False, False, True, False]),
        (
            [ResponseCreated(""), ResponseDone("", ResponseStatus.FAILED), ResponseCreated("")],
            [False] * 3,
        ),
        ([TextDelta("r"), DONE, TextDelta("r")], [False] * 3),
    ],
)
def test_a_name_stands_for_another_response_when_it_begins_after_its_end(
    events: list[OfResponse], again: list[bool]
) -> None:
    ids = RepeatedIds()
    assert [ids.note(event, may_answer=True) for event in events] == again


def test_audio_that_comes_late_is_not_another_response() -> None:
    ids = RepeatedIds()
    assert not any(ids.note(event, may_answer=False) for event in (AUDIO, DONE, AUDIO))
