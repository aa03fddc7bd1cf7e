from harness.model import RequestResponse, ResponseDone, ResponseStatus, ToolCall, ToolResult
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
    results = application.answers()
    assert results == [ToolResult("c1", '{"ok":true}'), RequestResponse()]
    assert application.due_ns is None


def test_several_calls_are_answered_together_each_once() -> None:
    application = ToolResponder()
    assert application.called(call("c1"), 100, 0)
    assert application.called(call("c2"), 500, 50 * MS)
    assert not application.called(call("c1"), 100, 60 * MS), "told twice"
    application.over(done(""))
    assert application.due_ns == 550 * MS
    said = application.answers()
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
