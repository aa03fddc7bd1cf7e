"""The same agent, called in English, Spanish and French: is it as fast, and does it understand?

harness run languages --host wss://api.openai.com --calls 60

Each language is a row of its own, of latencies and of word error rates. The prompts are fetched on
first use; where they cannot be, one line names the commands that fetch them. To compare other
languages, name other corpora (harness corpus list), or folders of your own recordings.
"""

from typing import Any

from harness import Dialogue, VoiceUser

FOUR_TURNS = Dialogue(turns=4, think_ms=(300, 900))


def heard_in(language: str) -> dict[str, Any]:
    """Ask for transcripts of the caller, and tell in which language they are to be."""
    transcription = {"model": "gpt-4o-transcribe", "language": language}
    return {"audio": {"input": {"transcription": transcription}}}


class English(VoiceUser):
    """Telephone prompts in US English."""

    corpus = "asterisk-en"
    dialogue = FOUR_TURNS
    session = heard_in("en")


class Spanish(VoiceUser):
    """Telephone prompts in Mexican Spanish, by the same speaker as the English ones."""

    corpus = "asterisk-es"
    dialogue = FOUR_TURNS
    session = heard_in("es")


class French(VoiceUser):
    """Telephone prompts in Canadian French."""

    corpus = "asterisk-fr"
    dialogue = FOUR_TURNS
    session = heard_in("fr")
