"""Which providers there are, and what is usual with each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from harness import environment
from harness.cascade.providers.base import LanguageModel, SpeechToText, TextToSpeech
from harness.cascade.providers.cartesia import CartesiaTextToSpeech
from harness.cascade.providers.deepgram import DeepgramSpeechToText, DeepgramTextToSpeech
from harness.cascade.providers.openai import (
    ChatCompletions,
    OpenAISpeechToText,
    OpenAITextToSpeech,
)
from harness.cascade.providers.wyoming import WyomingSpeechToText, WyomingTextToSpeech
from harness.cascade.settings import CascadeConfig, ProviderSettings
from harness.errors import BadInput

Made = TypeVar("Made", SpeechToText, LanguageModel, TextToSpeech)
_OPENAI, _OPENAI_KEY = "https://api.openai.com/v1", "OPENAI_API_KEY"
_DEEPGRAM, _DEEPGRAM_KEY = "https://api.deepgram.com/v1", "DEEPGRAM_API_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Generic[Made]):
    """One provider of one part.

    Attributes:
        make: Makes it from complete settings and a key.
        url: Its usual address; empty where each has one's own.
        model: A usual model, of 28 November 2026.
        voice: A usual voice.
        key_env: Where its key is by custom; empty for a provider without keys.
        voice_is_model: A voice that is asked for is the model.
    """

    make: Callable[[ProviderSettings, str | None], Made]
    url: str = ""
    model: str = ""
    voice: str = ""
    key_env: str = ""
    voice_is_model: bool = False


STT: Mapping[str, Offer[SpeechToText]] = {
    "openai": Offer(
        make=OpenAISpeechToText,
        url=_OPENAI,
        model="gpt-4o-mini-transcribe",
        key_env=_OPENAI_KEY,
    ),
    "deepgram": Offer(
        make=DeepgramSpeechToText, url=_DEEPGRAM, model="nova-3", key_env=_DEEPGRAM_KEY
    ),
    "wyoming": Offer(make=WyomingSpeechToText),
}
LLM: Mapping[str, Offer[LanguageModel]] = {
    "openai": Offer(make=ChatCompletions, url=_OPENAI, model="gpt-4.1-mini", key_env=_OPENAI_KEY),
}
TTS: Mapping[str, Offer[TextToSpeech]] = {
    "openai": Offer(
        make=OpenAITextToSpeech,
        url=_OPENAI,
        model="gpt-4o-mini-tts",
        voice="alloy",
        key_env=_OPENAI_KEY,
    ),
    "cartesia": Offer(
        make=CartesiaTextToSpeech,
        url="https://api.cartesia.ai",
        model="sonic-3.5",
        voice="a0e99841-438c-4a64-b679-ae501e7d6091",  # that of the API reference
        key_env="CARTESIA_API_KEY",
    ),
    "deepgram": Offer(
        make=DeepgramTextToSpeech,
        url=_DEEPGRAM,
        model="aura-2-thalia-en",
        key_env=_DEEPGRAM_KEY,
        voice_is_model=True,
    ),
    "wyoming": Offer(make=WyomingTextToSpeech),
}


def make_provider(part: str, offers: Mapping[str, Offer[Made]], given: ProviderSettings) -> Made:
    """Return a provider that is ready to be asked.

    Args:
        part: `stt`, `llm` or `tts`, as its options are called.
        offers: The providers of that part.
        given: What was asked for.

    Raises:
        BadInput: There is none of that name, its address is missing or none, or its key is.
    """
    offer, settings = offers.get(given.name), completed(part, offers, given)
    assert offer is not None
    return offer.make(settings, _key(part, offer.key_env, given))


def completed(
    part: str, offers: Mapping[str, Offer[Made]], given: ProviderSettings
) -> ProviderSettings:
    """Return settings with what is usual where nothing is said.

    Raises:
        BadInput: As for `make_provider`, but for the key.
    """
    offer = offers.get(given.name)
    if offer is None:
        known = ", ".join(offers)
        raise BadInput(
            "there is no such provider", where=f"--{part} {given.name}", hint=f"One of: {known}"
        )
    url = given.url or offer.url
    if not url:
        raise BadInput(
            "needs an address", where=f"--{part} {given.name}", hint=f"Give it by --{part}-url"
        )
    wanted = ("http", "https") if offer.url else ("tcp",)
    if not _is_address(url, wanted):
        raise BadInput(
            f"is no {' or '.join(wanted)} address without credentials",
            where=f"--{part}-url",
            hint="Such as " + ("tcp://127.0.0.1:10300" if not offer.url else offer.url),
        )
    model = (offer.voice_is_model and given.voice) or given.model or offer.model
    return replace(given, url=url, model=model, voice=given.voice or offer.voice)


def provider_name(part: str, offers: Mapping[str, Offer[Made]], given: ProviderSettings) -> str:
    """Return provider and model, and `at` which host where that is not the provider's usual one.

    Raises:
        BadInput: As for `completed`.
    """
    settings = completed(part, offers, given)
    host, usual = urlsplit(settings.url).netloc, urlsplit(offers[given.name].url).netloc
    named = f"{settings.name} {settings.model}".strip()
    return named if host.lower() == usual else f"{named} at {host}"


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    """Return whether this is an address with a host, with a port where TCP alone is spoken."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    whole = bool(parts.hostname) and (port is not None or "tcp" not in schemes)
    return parts.scheme in schemes and whole and "@" not in parts.netloc


def key_variables(config: CascadeConfig) -> tuple[str, ...]:
    """Return the environment variables that hold the keys of a cascade's providers."""
    parts = ((STT, config.stt), (LLM, config.llm), (TTS, config.tts))
    names = [
        _key_variable(offers[given.name].key_env, given)
        for offers, given in parts
        if given.name in offers
    ]
    return tuple(dict.fromkeys(filter(None, names)))


def _key_variable(usual: str, given: ProviderSettings) -> str:
    """Return where a key is; the usual one goes to nobody but the provider it belongs to."""
    return given.key_env or ("" if given.url else usual)


def _key(part: str, usual: str, given: ProviderSettings) -> str | None:
    name = _key_variable(usual, given)
    if not name:
        return None
    environment.hold_secret(name)
    key = environment.secret(name)
    if key is None:
        raise BadInput(
            f"is not set, and the {part.upper()} provider {given.name} asks for a key",
            where=name,
            hint=f"Put the key into it, or name another variable by --{part}-key-env",
        )
    return key
