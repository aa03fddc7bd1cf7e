"""Cuts text that comes in pieces into sentences, so that the first can be spoken early."""

import re

# A longer sentence is cut at a space: what is spoken at once stays bounded.
_LONGEST_CHARS = 400
# A full stop, perhaps with closing quotes, and white space after it; a line break; the stops of
# scripts that write no spaces.
_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？]|(?<=\S)(?=\n)")  # noqa: RUF001
# After these a full stop ends no sentence: titles, "e.g.", initials and numbers of lists.
_GOES_ON = re.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|no|vs|etc|e\.g|i\.e|[^\W\d_]|\d{1,2})\.$", re.IGNORECASE
)


class Sentences:
    """Collects text until a sentence of it is whole."""

    def __init__(self) -> None:
        self._text = ""
        self._searched = 0

    def feed(self, piece: str) -> list[str]:
        """Take more text, and return the sentences that are whole now, without space around."""
        self._text += piece
        found = []
        while (end := self._end()) is not None:
            sentence, self._text = self._text[:end].strip(), self._text[end:]
            self._searched = 0
            if sentence:
                found.append(sentence)
        return found

    def rest(self) -> str:
        """Return what is left when no more comes, empty for nothing."""
        left, self._text, self._searched = self._text.strip(), "", 0
        return left

    def _end(self) -> int | None:
        """Return where the first sentence ends, `None` while it is not whole."""
        for found in _END.finditer(self._text, self._searched):
            end = found.end()
            if end > _LONGEST_CHARS:
                break
            if not _GOES_ON.search(self._text, 0, end):
                return end
        # What follows a stop decides whether it is one: the last characters are looked at again.
        self._searched = max(0, len(self._text) - 8)
        if len(self._text.strip()) <= _LONGEST_CHARS:
            return None
        space = self._text.rfind(" ", 0, _LONGEST_CHARS)
        return space if space > 0 else _LONGEST_CHARS
