from dataclasses import replace
from typing import Any

import pytest

from harness import errors
from harness.dialects import OpenAIRealtime, SessionSettings, find_dialect
from harness.dialects.carriers.signature import signature
from harness.engine.route import Route, model_asked, resolve_route
from harness.errors import BadInput

BASE = "wss://api.example.test/openai/v1/realtime"


@pytest.fixture(autouse=True)
def _a_key_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_secrets", [])
    monkeypatch.setenv("HARNESS_API_KEY", "example-key-1")
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def route(host: str, model: str = "", **rest: Any) -> Route:
    settings = SessionSettings(model=model)
    return resolve_route(host, OpenAIRealtime(), settings, frame_ms=20, **rest)


@pytest.mark.parametrize(
    ("address", "model", "query", "asked"),
    [
        ("wss://api.example.test", "", "model=gpt-realtime-2.1", "gpt-realtime-2.1"),
        ("wss://api.example.test", "mini", "model=mini", "mini"),
        (BASE, "", None, ""),
        (BASE, "mini", "model=mini", "mini"),
        (f"{BASE}?api-version=1", "a b&c", "api-version=1&model=a+b%26c", "a b&c"),
        (f"{BASE}?model=mini", "", "model=mini", "mini"),
        (f"{BASE}?model=mini&x=1", "mini", "model=mini&x=1", "mini"),
    ],
)
def test_the_model_reaches_the_server_whatever_the_address_holds(
    address: str, model: str, query: str | None, asked: str
) -> None:
    found = route(address, model)
    assert (found.target.query or None) == query
    assert model_asked(found) == asked


def test_two_models_are_one_too_many() -> None:
    with pytest.raises(BadInput, match="--model: asks for maxi, but the address names mini"):
        route(f"{BASE}?model=mini", "maxi")


def test_the_key_goes_into_the_header_that_was_asked_for() -> None:
    assert ("Authorization", "Bearer example-key-1") in route(BASE).headers
    renamed = route(BASE, key_header="api-key")
    assert ("api-key", "example-key-1") in renamed.headers
    assert "Authorization" not in dict(renamed.headers)
    assert ("Authorization", "Bearer example-key-1") in route(
        BASE, key_header="authorization"
    ).headers
    assert route("ws://api.example.test", key_header="api-key").headers == ()


@pytest.mark.parametrize("name", ["", "api key", "api-key:", "x\r\ny", "Host", "sec-websocket-key"])
def test_what_is_no_name_of_a_header_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="--key-header"):
        route(BASE, key_header=name)


def test_a_proxy_is_shown_its_credentials_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pa%20ss-phrase@proxy.example.test:3129")
    found = route(BASE)
    assert found.via == ("proxy.example.test", 3129)
    assert found.proxy_authorization == "Basic dXNlcjpwYSBzcy1waHJhc2U="
    shown = f"{found!r} {errors.sanitised(f'{found.proxy_authorization} pa ss-phrase')}"
    assert "phrase" not in shown
    assert "dXNlcjpwYSBzcy1waHJhc2U" not in shown
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.test:3129")
    assert route(BASE).proxy_authorization == ""


def test_a_proxy_s_address_that_is_none_does_not_show_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pass-phrase@proxy.example.test:port")
    with pytest.raises(BadInput, match="not an HTTP proxy") as refused:
        route(BASE)
    assert "phrase" not in str(refused.value)


def test_credentials_in_an_address_are_concealed() -> None:
    found = route("wss://me:pass-phrase@api.example.test/v1?token=example-token-1&model=m")
    assert errors.sanitised("pass-phrase example-token-1 m") == "[redacted] [redacted] m"
    assert "phrase" not in repr(replace(found))


def test_the_key_of_one_api_is_not_shown_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai-0123456789")
    monkeypatch.delenv("HARNESS_API_KEY", raising=False)
    monkeypatch.delenv("TWILIO_AUTH_TOKEN", raising=False)
    address = "wss://app.example/media?tenant=1"

    def headers() -> dict[str, str]:
        dialect, settings = find_dialect("twilio"), SessionSettings()
        return dict(resolve_route(address, dialect, settings, frame_ms=20).headers)

    assert headers() == {}
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "12345-token")
    assert headers() == {"X-Twilio-Signature": signature("12345-token", address)}


@pytest.mark.parametrize(
    ("dialect", "settings", "where"),
    [
        ("twilio", SessionSettings(model="m"), "--model m"),
        ("deepgram", SessionSettings(silence_ms=300, silence_given=True), "--silence-ms 300"),
        ("vonage", SessionSettings(tools=("look_up",)), "look_up"),
    ],
)
def test_what_cannot_be_asked_for_in_a_dialect_is_refused(
    dialect: str, settings: SessionSettings, where: str
) -> None:
    with pytest.raises(BadInput, match=f"{where}.*cannot be asked for in the dialect {dialect}"):
        resolve_route("ws://127.0.0.1:1", find_dialect(dialect), settings, frame_ms=20)
    plain = SessionSettings(silence_ms=500)
    assert resolve_route("ws://127.0.0.1:1", find_dialect(dialect), plain, frame_ms=20)


@pytest.mark.parametrize("name", ["elevenlabs", "telnyx", "vonage"])
def test_a_key_that_would_not_be_sent_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "example-key-2")
    asked: dict[str, Any] = {"frame_ms": 20, "key_variable": "MY_KEY"}
    dialect, settings = find_dialect(name), SessionSettings()
    with pytest.raises(BadInput, match=f"--key-variable MY_KEY: no key is sent in .* {name}"):
        resolve_route("wss://app.example.test/media", dialect, settings, **asked)
    found = resolve_route(
        "wss://app.example.test/media", dialect, settings, **asked, key_header="x-key"
    )
    assert found.headers == (("x-key", "example-key-2"),)
