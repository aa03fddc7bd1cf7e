"""Services that speak OpenAI's Realtime events: what differs is the way in and the session's form.

Azure OpenAI has a deployment for a model and a header of its own for the key. Azure's Voice Live
has the flat session of the preview and its event names. xAI has turn detection and voice beside the
session's audio. Inworld names the model in the session. Other servers that resemble OpenAI's, such
as those that one runs oneself, are the business of `openai` itself, which reads them leniently.

Sources: Microsoft, "Use the GPT Realtime API" and "How to use the Voice Live API" with its SDK 1.3
(A); xAI, "Voice Agent API" (A, its path with a model B); Inworld, "Realtime API, WebSocket" (A).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from harness.dialects.base import DialectFacts, SessionSettings
from harness.dialects.lenient import mapping
from harness.dialects.openai import OpenAIRealtime
from harness.dialects.session_wishes import SessionWishes, merged
from harness.model import SessionConfigured, SettingAnswer

Json = dict[str, Any]
# A token of Entra ID is a JSON web token; a key is not.
_WEB_TOKEN = "eyJ"  # noqa: S105
# Where the flat session has what the nested one has deeper; first what is called otherwise.
_FLAT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("modalities", ("output_modalities",)),
    ("max_response_output_tokens", ("max_output_tokens",)),
    ("input_audio_transcription", ("audio", "input", "transcription")),
    ("input_audio_noise_reduction", ("audio", "input", "noise_reduction")),
)
_ASIDE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("turn_detection", ("audio", "input", "turn_detection")),
    ("voice", ("audio", "output", "voice")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """What one service does otherwise than OpenAI.

    Attributes:
        name: The dialect's name.
        default_model: What is asked for where nobody chooses.
        path: Makes path and query of a model.
        key: Makes the header of a key.
        facts: Its hosts, its variables, the source.
        moved: Where its session has what OpenAI's has elsewhere.
        written: Makes the session that is sent of one whose parts have moved.
    """

    name: str
    default_model: str
    path: Callable[[str], str]
    key: Callable[[str], tuple[str, str]]
    facts: DialectFacts
    moved: tuple[tuple[str, tuple[str, ...]], ...] = ()
    written: Callable[[Json, str], Json] = lambda session, _model: session


class OpenAILookAlike(OpenAIRealtime):
    """The `Dialect` of a service that speaks as OpenAI's does.

    Args:
        table: What differs.
    """

    def __init__(self, table: LookAlike) -> None:
        self.name, self.default_model = table.name, table.default_model
        self.facts = table.facts
        self._table = table

    def path(self, settings: SessionSettings) -> str:
        """Return the endpoint, with the model where the service takes it there."""
        return self._table.path(quote(settings.model or self.default_model, safe=""))

    def headers(self, api_key: str | None, _address: str) -> list[tuple[str, str]]:
        """Return the key's header, or nothing for servers that ask for no key."""
        return [] if api_key is None else [self._table.key(api_key)]

    def asked(self, settings: SessionSettings) -> Json:
        """Return the session in OpenAI's form, also where the user's own has the service's."""
        return super().asked(self._nested(settings))

    def written(self, settings: SessionSettings) -> Json:
        """Return the session in the service's form."""
        session = _moved(self.asked(settings), self._table.moved)
        return self._table.written(session, settings.model)

    def answers(
        self, settings: SessionSettings, acknowledged: SessionConfigured
    ) -> tuple[SettingAnswer, ...]:
        """Return the user's own settings, and what the server acknowledged of them."""
        return super().answers(self._nested(settings), acknowledged)

    def _nested(self, settings: SessionSettings) -> SessionSettings:
        fields = _moved_back(settings.wishes.fields, self._table.moved)
        return replace(settings, wishes=SessionWishes.of(fields, settings.wishes.source))


def _moved(session: Json, places: tuple[tuple[str, tuple[str, ...]], ...]) -> Json:
    """Return a session with parts taken from where OpenAI has them to where the service has."""
    result = merged(session, {})
    for name, (*above, last) in places:
        place = result
        for key in above:
            place[key] = dict(mapping(place.get(key)))
            place = place[key]
        if last in place:
            result[name] = place.pop(last)
    return result


def _moved_back(session: Json, places: tuple[tuple[str, tuple[str, ...]], ...]) -> Json:
    """Return a session with such parts where OpenAI has them."""
    result = dict(session)
    for name, path in places:
        if name in result and path != (name,):
            value = result.pop(name)
            for key in reversed(path):
                value = {key: value}
            result = merged(result, value)
    return result


def _flat(session: Json, _model: str) -> Json:
    """Return Voice Live's session: audio formats by name, and text beside what is spoken."""
    audio = mapping(session.get("audio"))
    rate_hz = mapping(mapping(audio.get("input")).get("format")).get("rate")
    kept = {name: value for name, value in session.items() if name not in ("type", "audio")}
    if kept.get("modalities") == ["audio"]:
        kept["modalities"] = ["text", "audio"]
    formats = {"input_audio_format": "pcm16", "output_audio_format": "pcm16"}
    return {**kept, **formats, "input_audio_sampling_rate": rate_hz}


def _with_model(session: Json, model: str) -> Json:
    return {**session, "model": model} if model else session


def _azure_key(key: str) -> tuple[str, str]:
    return _bearer(key) if key.startswith(_WEB_TOKEN) else ("api-key", key)


def _bearer(key: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {key}"


def _facts(source: str, *, hosts: tuple[str, ...], variables: tuple[str, ...]) -> DialectFacts:
    return replace(
        OpenAIRealtime.facts,
        mints_keys=False,
        hosts=hosts,
        key_variables=("HARNESS_API_KEY", *variables),
        source=source,
    )


# The model is the name of a deployment.
AZURE = LookAlike(
    name="azure",
    default_model="gpt-realtime-2.1",
    path=lambda model: f"/openai/v1/realtime?model={model}",
    key=_azure_key,
    facts=_facts(
        "Microsoft, Azure OpenAI Realtime API (GA)",
        hosts=(
            *(".openai.azure.com", ".services.ai.azure.com/openai"),
            ".cognitiveservices.azure.com/openai",
        ),
        variables=("AZURE_OPENAI_API_KEY",),
    ),
)
VOICE_LIVE = LookAlike(
    name="voice-live",
    default_model="gpt-realtime",
    path=lambda model: f"/voice-live/realtime?api-version=2026-04-10&model={model}",
    key=_azure_key,
    facts=_facts(
        "Microsoft, Voice Live API, 2026-04-10",
        hosts=(".services.ai.azure.com/voice-live", ".cognitiveservices.azure.com/voice-live"),
        variables=("AZURE_VOICELIVE_API_KEY", "AZURE_VOICE_LIVE_API_KEY"),
    ),
    moved=(*_FLAT, *_ASIDE),
    written=_flat,
)
XAI = LookAlike(
    name="xai",
    default_model="grok-voice-latest",
    path=lambda model: f"/v1/realtime?model={model}",
    key=_bearer,
    facts=_facts("xAI, Voice Agent API", hosts=("api.x.ai",), variables=("XAI_API_KEY",)),
    moved=_ASIDE,
)
# `key` is a name that the client gives its session; whether sessions may share one is not told (C).
INWORLD = LookAlike(
    name="inworld",
    default_model="",
    path=lambda _model: "/api/v1/realtime/session?key=call&protocol=realtime",
    key=lambda key: ("Authorization", f"Basic {key}"),
    facts=_facts(
        "Inworld, Realtime API over WebSocket",
        hosts=("api.inworld.ai",),
        variables=("INWORLD_API_KEY",),
    ),
    written=_with_model,
)

LOOK_ALIKES: Mapping[str, LookAlike] = {
    table.name: table for table in (AZURE, VOICE_LIVE, XAI, INWORLD)
}
"""Every service of this kind, by the name of its dialect."""
