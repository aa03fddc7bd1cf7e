"""A recording before it is annotated: what its collection says about it."""

from dataclasses import dataclass

from harness.corpus.marks.annotate import SpeechMarks


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One file of a corpus, or a cut of one, with what its collection says about it.

    Attributes:
        id: Name, unique in the corpus.
        path: File, relative to the corpus folder.
        offset_s: Where the cut begins in the file.
        length_s: How long the cut is; `None` for all that follows.
        channel: The channel that is used, from 0.
        marks: Where its speech lies, where that is known; otherwise it is annotated.
        accent: As the collection names it.
        conversation: The conversation it belongs to, where it belongs to one.
        turn: Its place in that conversation, from 0.
        tags: Free words to choose clips by.
    """

    id: str
    path: str
    transcript: str = ""
    speaker: str = ""
    language: str = ""
    licence: str = ""
    offset_s: float = 0.0
    length_s: float | None = None
    channel: int = 0
    marks: SpeechMarks | None = None
    accent: str = ""
    conversation: str = ""
    turn: int | None = None
    tags: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, float, int]:
        """Where its audio lies: file, offset, channel."""
        return self.path, self.offset_s, self.channel
