"""Tokens of responses that no turn's record has: the provider bills them all the same.

A greeting belongs to no turn. A response that was begun before the server heard the turn end does
not answer it, and may end when nobody waits for it any more; so may one that was interrupted.
"""

from harness.model import (
    Event,
    OfResponse,
    ResponseCreated,
    ResponseDone,
    TokensReported,
    TokenUsage,
    TurnRecord,
)
from harness.session.turn.machine import Turn
from harness.session.turn.token_sum import TokenSum


class TokensOutsideTurns:
    """What one session's responses took that no turn has."""

    def __init__(self) -> None:
        self._sum = TokenSum()
        self._open = self._ended = frozenset[str]()

    def receive(self, event: Event, turn: Turn | None) -> None:
        """Take an event; only one of a response tells of tokens.

        Args:
            event: What came.
            turn: The turn that it is given to, `None` for none.
        """
        if not isinstance(event, OfResponse):
            return
        response = event.response_id
        outside = turn is None or turn.ids.is_stale(response)
        if isinstance(event, ResponseCreated):
            self._open |= {response} - {""} - self._ended
        elif isinstance(event, ResponseDone):
            again = response in self._ended
            self._open -= {response}
            self._ended |= {response} - {""}
            if outside and not again:
                self._sum.add(event.usage, response)
        elif isinstance(event, TokensReported) and outside:
            self._sum.report(event.usage, response)

    def greeted(self, record: TurnRecord) -> None:
        """Take what a greeting took; it was listened to as if it were the response of a turn."""
        self._sum.add_sum(record.usage, record.responses_untold)

    @property
    def told(self) -> TokenUsage | None:
        """The tokens, `None` when there were none."""
        return self._sum.told

    @property
    def untold(self) -> int:
        """Responses in no turn whose tokens were not reported, or that have not ended yet."""
        return self._sum.untold + len(self._open)
