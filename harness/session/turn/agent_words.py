"""What the agent says in a turn, in words."""

# Some 20 minutes of speech: an agent that never stops takes no more memory than this.
_MOST_CHARACTERS = 20_000


class AgentWords:
    """The words of a turn's responses, as they come; those of one response stand together."""

    __slots__ = ("_length", "_pieces")

    def __init__(self) -> None:
        self._pieces: dict[str, list[str]] = {}
        self._length = 0

    def add(self, response_id: str, words: str) -> None:
        """Take a piece of a response's words."""
        kept = words[: _MOST_CHARACTERS - self._length]
        self._length += len(kept)
        if kept:
            self._pieces.setdefault(response_id, []).append(kept)

    def forget(self) -> None:
        """Drop the words of responses that are no longer the turn's."""
        self._pieces.clear()
        self._length = 0

    def text(self) -> str:
        """Return all of them."""
        return " ".join("".join(pieces).strip() for pieces in self._pieces.values())
