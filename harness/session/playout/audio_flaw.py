"""What keeps it from being told when a response became audible."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AudioFlaw:
    """What is wrong with the audio of a turn; nothing as long as all of it is empty.

    Attributes:
        doubt: Why the first audible sample cannot be told.
        undecodable: Pieces of audio that could not be decoded before anything was heard.
        misread: How the audio is written in place of what the server acknowledged.
    """

    doubt: str = ""
    undecodable: int = 0
    misread: str = ""

    @property
    def hides_onset(self) -> bool:
        """Whether what was found for the first audible sample is not to be believed."""
        return bool(self.doubt or self.misread)
