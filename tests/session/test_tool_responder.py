from harness.model import (
    RequestResponse,
    ResponseDone,
    ResponseStatus,
    ToolAnswer,
    ToolCall,
    ToolEnd,
    ToolResult,
)
from harness.session.tool_responder import ToolResponder

MS = 1_000_000


def call(call_id: str = "c1", response: str = "r1") -> ToolCall:
    return ToolCall(call_id, "look_up", "{}", response)


def done(response: str = "r1") -> ResponseDone:
    return ResponseDone(response, ResponseStatus.COMPLETED)


def test_results_go_out_when_the_tool_is_done_and_the_response_that_asked_is_over() -> None:
    application = ToolResponder()
    assert application.called(call(), 300, 1_000 * MS)
    assert application.due_ns == 2_000 * MS, "unless the response is over, after a while"
    application.over(done("another"))
    assert application.due_ns == 2_000 * MS
    application.over(done())
    assert application.due_ns == 1_300 * MS
    results, ends = application.answers()
    assert ends == [ToolEnd.ANSWERED]
    assert results == [ToolResult("c1", '{"ok":true}'), RequestResponse()]
    assert application.due_ns is None


def test_several_calls_are_answered_together_each_once() -> None:
    application = ToolResponder()
    assert application.called(call("c1"), 100, 0)
    assert application.called(call("c2"), 500, 50 * MS)
    assert not application.called(call("c1"), 100, 60 * MS), "told twice"
    application.over(done(""))
    assert application.due_ns == 550 * MS
    said, _ = application.answers()
    assert [type(one) for one in said] == [ToolResult, ToolResult, RequestResponse]
    assert not application.called(call("c2"), 100, 900 * MS), "told again afterwards"
    assert application.due_ns is None


def test_what_was_asked_for_is_forgotten_with_the_turn() -> None:
    application = ToolResponder()
    application.called(call(), 100, 0)
    application.forget()
    assert application.due_ns is None


def test_the_name_of_a_call_may_be_used_again_in_another_turn() -> None:
    application = ToolResponder()
    assert application.called(call(), 100, 0)
    application.answers()
    assert not application.called(call(), 100, 500 * MS)
    application.next_turn()
    assert application.called(call(), 100, 900 * MS)


class Mocked:
    """Knows one tool, with one answer."""

    def __init__(self, answer: ToolAnswer) -> None:
        self.answered = answer

    def answer(self, call: ToolCall) -> ToolAnswer | None:
        return self.answered if call.name == "look_up" else None


def test_a_mock_says_what_is_answered_and_when_and_others_take_what_the_script_says() -> None:
    mocks = Mocked(ToolAnswer(takes_ms=700, output="sunny", end=ToolEnd.FAILED))
    application = ToolResponder(mocks)
    assert application.called(call(), 300, 0)
    assert application.called(ToolCall("c2", "other", "{}", "r1"), 300, 0)
    application.over(done())
    assert application.due_ns == 700 * MS
    requests, ends = application.answers()
    assert requests[:2] == [ToolResult("c1", "sunny"), ToolResult("c2", '{"ok":true}')]
    assert ends == [ToolEnd.FAILED, ToolEnd.ANSWERED]


def test_a_result_of_the_scenarios_code_goes_out_when_it_is_there_and_not_before_its_time() -> None:
    mocks = Mocked(ToolAnswer(takes_ms=200, output=None, time_out_ms=5_000, timed_out="late"))
    application = ToolResponder(mocks)
    asked = call()
    application.called(asked, 0, 0)
    application.over(done())
    assert application.take_to_work_out() == [asked]
    assert application.take_to_work_out() == [], "asked for once"
    assert application.due_ns == 5_000 * MS, "it may never come"
    application.worked_out("c1", "rain", ToolEnd.ANSWERED)
    assert application.due_ns == 200 * MS
    assert application.answers()[0][0] == ToolResult("c1", "rain")


def test_the_scenarios_code_is_not_waited_for_beyond_the_time_out() -> None:
    mocks = Mocked(ToolAnswer(takes_ms=200, output=None, time_out_ms=5_000, timed_out="late"))
    application = ToolResponder(mocks)
    application.called(call(), 0, 0)
    assert application.answers() == (
        [ToolResult("c1", "late"), RequestResponse()],
        [ToolEnd.TIMED_OUT],
    )
    application.worked_out("c1", "rain", ToolEnd.ANSWERED)
    assert application.due_ns is None, "it is answered"
