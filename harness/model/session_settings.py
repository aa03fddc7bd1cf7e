"""What was asked of a session, and what the server said to it, as a run's manifest keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingAnswer:
    """One setting that was asked for.

    Attributes:
        name: Its name in the API's session, without what every name begins with.
        asked: Its value as JSON, bounded; of long texts the length.
        acknowledged: What the server confirmed, likewise; `None` where it did not name it.
        differs: The server confirmed something else.
    """

    name: str
    asked: str
    acknowledged: str | None
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSize:
    """How large a part of the prompt is that every response of a session is billed for.

    Attributes:
        sha256: Digest of the text as it was sent: equal digests mean equal prompts.
        characters: Its length.
        tokens_estimated: One for every four bytes of UTF-8, rounded up; no tokenizer of the
            provider was asked.
    """

    sha256: str
    characters: int
    tokens_estimated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSession:
    """The session that the calls of one user class ask for.

    Attributes:
        user_class: Which; empty where a scenario has one.
        source: Where the user's own settings come from; empty where there are none.
        sha256: Digest of the whole session as it was sent.
        instructions: Size of the agent's instructions; `None` where none were sent.
        tools: Size of the definitions of tools; `None` where none were sent.
        tool_names: The tools, in order.
        settings: The user's own settings, and what the server confirmed of them before the run.
        acknowledged: Whether the server confirmed any settings then; `None` where nobody asked it.
        session: The whole session as JSON; empty unless it was asked to be kept.
    """

    user_class: str = ""
    source: str = ""
    sha256: str = ""
    instructions: PromptSize | None = None
    tools: PromptSize | None = None
    tool_names: tuple[str, ...] = ()
    settings: tuple[SettingAnswer, ...] = ()
    acknowledged: bool | None = None
    session: str = ""
