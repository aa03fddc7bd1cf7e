from harness.model import Event, ResponseDone, ResponseStatus, ToolCall
from harness.session.told_calls import ToldCalls

NAMED = ToolCall("c1", "look_up", "{}", "r1")
NAMELESS = ToolCall("c1", "", "{}", "r1")


def done(*calls: ToolCall) -> ResponseDone:
    return ResponseDone("r1", ResponseStatus.COMPLETED, tool_calls=calls)


def told(*events: Event) -> list[list[ToolCall]]:
    calls = ToldCalls()
    return [calls.of(event) for event in events]


def test_a_call_that_is_told_three_times_is_one() -> None:
    assert told(NAMED, NAMED, done(NAMED)) == [[NAMED], [], []]


def test_a_call_that_only_the_end_of_its_response_tells_is_one() -> None:
    assert told(done(NAMED)) == [[NAMED]]


def test_a_name_that_comes_later_is_waited_for_until_the_response_is_over() -> None:
    assert told(NAMELESS, NAMED, done()) == [[], [NAMED], []]
    assert told(NAMELESS, done(NAMED)) == [[], [NAMED]]
    assert told(NAMELESS, done()) == [[], [NAMELESS]]
