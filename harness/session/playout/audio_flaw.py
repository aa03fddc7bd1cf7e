"""Why it cannot be determined when a response became audible."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AudioFlaw:
    """What is wrong with the audio of a turn; nothing as long as all of it is empty.

    Attributes:
        doubt: Why the first audible sample cannot be determined.
        undecodable: Pieces of audio that could not be decoded before anything was heard.
        misread: How the audio is written in place of what the server acknowledged.
    """

    doubt: str = ""
    undecodable: int = 0
    misread: str = ""

    @property
    def hides_onset(self) -> bool:
        """Whether the first audible sample that was found is not reliable."""
        return bool(self.doubt or self.misread)
