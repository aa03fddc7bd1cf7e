"""What goes wrong on purpose: switches by name, each with a probability or on one turn.

A fault is drawn for a turn before the turn begins and named in its line of the truth log, however
the turn ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from harness.errors import BadInput

# Name to what happens, and the size of it where it has one (milliseconds unless it says so).
FAULTS: Mapping[str, tuple[str, float]] = {
    "leading_silence": ("more silence at the head of the response", 600.0),
    "burst": ("the whole response in one instant", 0.0),
    "gap": ("a pause in the middle of the response's delivery", 800.0),
    "deaf": ("the caller's interruption is not heard while the response plays", 0.0),
    "premature": ("the response begins so long after the caller began to talk", 500.0),
    "double": ("a second response follows the first", 0.0),
    "no_reply": ("no response at all", 0.0),
    "stall": ("the whole server pauses before the response's first audio", 700.0),
    "death": ("the connection ends inside a frame", 0.0),
    "reset": ("the connection is reset", 0.0),
    "close_1001": ("the server closes: going away", 0.0),
    "close_1011": ("the server closes: internal error", 0.0),
    "close_1013": ("the server closes: try again later", 0.0),
    "expiry": ("the session expires in the middle of the response", 0.0),
    "rate_limit": ("the response fails: try again in so long", 1200.0),
    "server_error": ("the response fails: server error", 0.0),
    "slow_reader": ("the server stops reading from the connection for so long", 2000.0),
    "malformed": ("a message that is not JSON", 0.0),
    "unknown_event": ("an event of an unknown type", 0.0),
    "oversized": ("most of the response in one delta of at least so many bytes", 200_000.0),
    "reordered": ("every fourth event changes places with the next", 0.0),
    "duplicated": ("every event is sent twice", 0.0),
    "late_deltas": ("audio of a cancelled response after its end", 0.0),
    "untranscribed": ("the caller's words cannot be made out", 0.0),
    "wrong_usage": ("token counts that do not add up", 0.0),
}
# These strike in the middle of a response's audio; the first six end the connection.
TERMINAL = frozenset(("death", "reset", "close_1001", "close_1011", "close_1013", "expiry"))
IN_MID_RESPONSE = TERMINAL | {"slow_reader", "malformed", "unknown_event"}
_FAILING = frozenset(("rate_limit", "server_error"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """When one fault is applied.

    Attributes:
        name: One of `FAULTS`.
        probability: Share of turns; not asked when `turn` is given.
        turn: Index of the only turn of each session, from 0.
        size: How long or how much, `None` for the fault's own.
    """

    name: str
    probability: float = 1.0
    turn: int | None = None
    size: float | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown fault and values out of range."""
        where = f"fault {self.name}"
        if self.name not in FAULTS:
            raise BadInput("unknown fault", where=self.name, hint=f"One of {', '.join(FAULTS)}")
        if not 0 <= self.probability <= 1:
            raise BadInput("a probability lies between 0 and 1", where=where)
        if self.turn is not None and self.turn < 0:
            raise BadInput("turns are counted from 0", where=where)
        if self.size is not None and not 0 <= self.size <= 10_000_000:
            raise BadInput("its size is out of range", where=where)


class Faults:
    """The faults of one turn.

    Args:
        sizes: Size of each fault that is applied, by name.
    """

    __slots__ = ("_applied", "_sizes")

    def __init__(self, sizes: Mapping[str, float]) -> None:
        self._sizes = dict(sizes)
        self._applied: list[str] = []

    def __contains__(self, name: str) -> bool:
        """Tell whether a fault is to be applied; asking does not apply it."""
        return name in self._sizes

    def apply(self, name: str) -> bool:
        """Tell whether a fault is to be applied, and note that it has been."""
        if name not in self._sizes:
            return False
        self.note(name)
        return True

    def note(self, name: str) -> None:
        """Note what has gone wrong, on purpose or for lack of capacity."""
        if name not in self._applied:
            self._applied.append(name)

    def with_one(self, name: str) -> "Faults":
        """Return these and one more, of its own size."""
        return Faults({**self._sizes, name: FAULTS[name][1]})

    def size(self, name: str) -> float:
        """Return the size of a fault that is to be applied, in its own unit."""
        return self._sizes[name]

    @property
    def applied(self) -> str:
        """Names of what was applied, in order, joined by `+`; empty when nothing was."""
        return "+".join(self._applied)

    def failure(self) -> str | None:
        """Return the fault that fails the response at once, `None` when none does."""
        return next((name for name in self._sizes if name in _FAILING), None)

    def in_mid_response(self) -> tuple[str, ...]:
        """Return what strikes in the middle of the audio, what ends the connection last."""
        found = [name for name in self._sizes if name in IN_MID_RESPONSE]
        return tuple(sorted(found, key=lambda name: name in TERMINAL))


def draw_faults(rules: tuple[FaultRule, ...], rng: np.random.Generator, turn: int) -> Faults:
    """Draw what goes wrong in one turn; each rule takes one number whatever comes of it."""
    sizes = {}
    for rule in rules:
        chance = rng.random()
        if chance < rule.probability if rule.turn is None else turn == rule.turn:
            sizes[rule.name] = FAULTS[rule.name][1] if rule.size is None else rule.size
    return Faults(sizes)


def parse_fault(text: str) -> FaultRule:
    """Return the rule written as `NAME`, `NAME=PROBABILITY` or `NAME@TURN`.

    Raises:
        BadInput: It is none of these.
    """
    for sign in "=@":
        name, found, number = text.partition(sign)
        if not found:
            continue
        try:
            if sign == "=":
                return FaultRule(name=name, probability=float(number))
            return FaultRule(name=name, turn=int(number))
        except ValueError as error:
            raise BadInput(
                "not a number",
                where=f"--fault {text}",
                hint="NAME=PROBABILITY or NAME@TURN, such as gap=0.1 or reset@3",
            ) from error
    return FaultRule(name=text)
