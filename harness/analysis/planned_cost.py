"""What a session will cost and how long it will last, from how much is said in a turn."""

from harness.analysis.costs.tokens import (
    INPUT_TOKENS_PER_S,
    OUTPUT_TOKENS_PER_S,
    Item,
    priced,
    unit_prices,
)
from harness.analysis.prices import TokenTariff

# From the end of the caller's speech to the response, and the caller's pause before the next
# turn: the middle of the default scenario's think time.
_WAIT_S, _THINK_S = 1.5, 0.6
_SETUP_S = 1.0


def session_cost(turns: int, caller_s: float, agent_s: float, tariff: TokenTariff) -> float:
    """Return what the audio of a session costs.

    A provider bills the whole conversation again with every response, what it has cached at the
    cached price. Text, such as instructions and transcripts, comes on top: this is a floor.

    Args:
        turns: Turns of the session.
        caller_s: Speech of the caller in a turn.
        agent_s: Speech of the agent in a turn.
        tariff: The model's, of which the prices of audio count.
    """
    said, answered = caller_s * INPUT_TOKENS_PER_S, agent_s * OUTPUT_TOKENS_PER_S
    before = turns * (turns - 1) / 2 * (said + answered)
    counts = {
        Item.AUDIO_IN: round(turns * said),
        Item.AUDIO_CACHED: round(before),
        Item.AUDIO_OUT: round(turns * answered),
    }
    return float(sum(priced(counts, unit_prices(tariff)).values()))


def session_length_s(turns: int, caller_s: float, agent_s: float) -> float:
    """Return how long a session lasts."""
    return _SETUP_S + turns * (caller_s + _WAIT_S + agent_s + _THINK_S)
