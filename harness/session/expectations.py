"""What a script expects of the agent in a turn, and whether it came: never mixed with latency."""

from harness.errors import Party
from harness.model import NS_PER_MS, Check, TurnBehaviour, TurnRecord, TurnStatus


def checks_of(plan: TurnBehaviour, turn: TurnRecord, transcript: str) -> list[Check]:
    """Return the checks of a turn that has ended.

    A turn that we spoiled or that was cut short from outside proves nothing of the agent, and
    words are not looked for where the API tells no transcript of what was heard.

    Args:
        plan: What the script expects.
        turn: The turn's record.
        transcript: The agent's words, as the API told them.
    """
    ours = turn.fault is not None and turn.fault.party is Party.OURS
    if ours or turn.status in (TurnStatus.VOID, TurnStatus.DROPPED, TurnStatus.CLOSED):
        return []
    made: list[tuple[str, bool]] = []
    if plan.expected_tool:
        used = () if turn.behaviour is None else turn.behaviour.tools
        made.append((f"the agent uses {plan.expected_tool}", plan.expected_tool in used))
    if transcript or not turn.status.was_heard:
        said = transcript.casefold()
        made += [(f'the agent says "{word}"', word.casefold() in said) for word in _words(plan)]
    if plan.within_ms is not None and not turn.in_text:
        limit_ns = plan.within_ms * NS_PER_MS
        heard_ns, end_ns = turn.at.answer_audible_ns, turn.at.speech_end_ns
        in_time = heard_ns is not None and end_ns is not None and heard_ns - end_ns <= limit_ns
        made.append((f"the agent answers within {plan.within_ms:g} ms", in_time))
    return [Check(what=what, passed=passed, turn_index=turn.turn_index) for what, passed in made]


def _words(plan: TurnBehaviour) -> tuple[str, ...]:
    return tuple(dict.fromkeys(plan.expected_words))
