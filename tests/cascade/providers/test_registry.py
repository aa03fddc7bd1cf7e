import sys

import pytest

from harness.cascade.providers.registry import (
    LLM,
    STT,
    TTS,
    completed,
    make_provider,
    provider_name,
)
from harness.cascade.settings import ProviderSettings
from harness.errors import BadInput, redacted

OWN = "http://127.0.0.1:11434/v1"


def test_a_key_that_is_missing_is_named_with_the_part_that_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(BadInput, match="OPENAI_API_KEY: is not set, and the LLM provider openai"):
        make_provider("llm", LLM, ProviderSettings(name="openai"))
    named = ProviderSettings(name="openai", url=OWN, key_env="MINE")
    with pytest.raises(BadInput, match=r"MINE: is not set.*--tts-key-env"):
        make_provider("tts", TTS, named)


def test_the_usual_key_goes_to_its_own_provider_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai-alone")
    usual = make_provider("llm", LLM, ProviderSettings(name="openai"))
    headers = usual._http._client.headers  # type: ignore[attr-defined]
    assert headers["authorization"] == "Bearer sk-of-openai-alone"
    other = make_provider("llm", LLM, ProviderSettings(name="openai", url=OWN))
    assert "authorization" not in other._http._client.headers  # type: ignore[attr-defined]
    assert "sk-of" not in redacted("the words sk-of-openai-alone in a message")


def test_what_is_usual_stands_where_nothing_is_said() -> None:
    found = completed("tts", TTS, ProviderSettings(name="openai", voice="coral"))
    assert (found.url, found.voice) == ("https://api.openai.com/v1", "coral")
    assert found.model


def test_a_provider_elsewhere_than_usual_is_named_with_its_host() -> None:
    usual = ProviderSettings(name="openai", model="gpt-4.1", url="https://API.openai.com/v1/")
    assert provider_name("llm", LLM, usual) == "openai gpt-4.1"
    own = ProviderSettings(name="openai", model="qwen3:4b", url=OWN)
    assert provider_name("llm", LLM, own) == "openai qwen3:4b at 127.0.0.1:11434"
    wyoming = ProviderSettings(name="wyoming", url="tcp://127.0.0.1:10300")
    assert provider_name("stt", STT, wyoming) == "wyoming at 127.0.0.1:10300"


def test_a_voice_of_deepgram_is_the_model_that_is_named_and_asked_for() -> None:
    other = ProviderSettings(name="deepgram", voice="aura-asteria-en")
    assert provider_name("tts", TTS, other) == "deepgram aura-asteria-en"
    assert provider_name("tts", TTS, ProviderSettings(name="deepgram")).endswith("thalia-en")
    openai = ProviderSettings(name="openai", voice="coral")
    assert provider_name("tts", TTS, openai) == "openai gpt-4o-mini-tts"


@pytest.mark.parametrize(
    ("name", "url", "words"),
    [
        ("nobody", "", "there is no such provider. One of: openai, deepgram, wyoming"),
        ("wyoming", "", "needs an address. Give it by --stt-url"),
        ("wyoming", "tcp://host", "is no tcp address"),
        ("wyoming", "http://host:1", "is no tcp address"),
        ("openai", "localhost:8000", "is no http or https address"),
        ("openai", "https://user:pass@host/v1", "without credentials"),
        ("openai", "tcp://host:1", "is no http or https address"),
    ],
)
def test_what_is_no_provider_or_no_address_is_refused(name: str, url: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        completed("stt", STT, ProviderSettings(name=name, url=url))


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(BadInput, match=r"httpx2: is needed .* Install harness\[cascade\]"):
        make_provider("stt", STT, ProviderSettings(name="openai", url=OWN))
    make_provider("stt", STT, ProviderSettings(name="wyoming", url="tcp://127.0.0.1:10300"))
