"""What was said, beside what the API understood of it: the corpus' own transcript."""

from collections.abc import Mapping
from dataclasses import replace

from harness.model import SessionRecord


def with_said(session: SessionRecord, transcripts: Mapping[str, str]) -> SessionRecord:
    """Return a session's record with the transcripts of its utterances, by their ids."""
    words = tuple(
        replace(one, said=transcripts.get(one.utterance_id, "")) for one in session.caller_words
    )
    return replace(session, caller_words=words)
