"""What an API understood of the caller, beside what was said."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerWords:
    """The words of one turn's utterance.

    Attributes:
        turn_index: Which.
        utterance_id: What was said.
        condition: What was done to its recording; empty for an original.
        said: The corpus' transcript of it; empty where the corpus has none.
        understood: The API's transcript; `None` where it told none of some part of the utterance
            before the call was over.
    """

    turn_index: int
    utterance_id: str
    condition: str = ""
    said: str = ""
    understood: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstoodSummary:
    """Word error rate of one stratum: substituted, left out and added words by words said.

    Attributes:
        by: Attribute and value of the stratum; empty for the whole run.
        n: Turns that it comes from.
        untold: Turns of which the API told no transcript in time.
        sessions: Sessions that they belong to.
        words: Words that were said in them.
        errors: Words of them that were not understood, and words that nobody said.
        value: The rate; it may lie above 1. `None` where there is none.
        low: Lower end of the 95 % interval over sessions.
        high: Upper end.
        why: Why something is missing.
    """

    by: dict[str, str] = field(default_factory=dict)
    n: int
    untold: int
    sessions: int
    words: int
    errors: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""
