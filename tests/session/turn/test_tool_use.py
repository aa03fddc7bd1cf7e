from harness.model import BehaviourOutcome, ToolEnd
from harness.session.turn.tool_use import ToolUse


def test_names_are_kept_in_order_clean_and_not_without_end() -> None:
    tools = ToolUse()
    tools.called("look_up")
    tools.called("bo\nok")
    assert tools.names[0] == "look_up"
    assert "\n" not in tools.names[1]
    for number in range(40):
        tools.called(f"t{number}")
    assert len(tools.names) == 16
    assert tools.names[-1] == "t13"


def test_a_call_that_nobody_answers_leaves_nothing_to_wait_for() -> None:
    tools = ToolUse()
    tools.called("look_up")
    assert not tools.owed
    assert not tools.awaits_answer


def test_the_answer_is_owed_until_a_response_begins_after_the_results_went_out() -> None:
    tools = ToolUse()
    tools.expect_answer()
    tools.response_began()
    assert tools.owed, "it began before the results were there"
    tools.results_sent(5)
    tools.response_began()
    assert (tools.owed, tools.awaits_answer) == (False, True), "it has begun, and is not heard yet"


def test_a_second_call_after_the_results_owes_until_its_own_results_are_answered() -> None:
    tools = ToolUse()
    tools.expect_answer()
    tools.results_sent(5)
    tools.response_began()
    tools.expect_answer()
    tools.response_began()
    assert tools.owed, "this one answers the first results"
    tools.results_sent(5)
    tools.response_began()
    assert not tools.owed


def test_calls_that_the_application_let_down_are_counted() -> None:
    use = ToolUse()
    use.called("look_up")
    use.called("book")
    use.results_sent(5, [ToolEnd.FAILED, ToolEnd.ANSWERED])
    use.results_sent(9, [ToolEnd.TIMED_OUT])
    assert use.results_ns == 9
    assert use.outcome() == BehaviourOutcome(
        tools=("look_up", "book"), tools_failed=1, tools_timed_out=1
    )
