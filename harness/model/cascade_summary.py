"""What a cascade did in a run, beside how long its stages took."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeSummary:
    """The responses of a cascade's log that turns of the run are joined to.

    Attributes:
        responses: How many.
        cancelled: Of them, those that the caller or the client interrupted.
        failed: Of them, those that a provider failed, by the stage; none without any.
        failures: What providers said then, each once with how often, the most frequent first.
        providers: Which provider and model did each stage.
        heard_s: Audio that was transcribed for them.
        tokens_in: Tokens that the LLM read; `None` where it did not count every response.
        tokens_out: Tokens that it wrote, likewise.
        tokens_untold: Responses that the LLM was asked for and did not count.
        characters: Characters that TTS was given.
    """

    responses: int
    cancelled: int
    failed: dict[str, int]
    failures: dict[str, int]
    providers: dict[str, tuple[str, ...]]
    heard_s: float
    tokens_in: int | None
    tokens_out: int | None
    tokens_untold: int
    characters: int
