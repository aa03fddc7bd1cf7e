import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.dialects import SessionSettings, SessionWishes, find_dialect
from harness.dialects.lookalikes import LOOK_ALIKES
from harness.model import SessionConfigured

ASKED = SessionSettings(model="m/1", voice="v", silence_ms=300, silence_given=True)


def _session(name: str, settings: SessionSettings = ASKED) -> Any:
    (update,) = find_dialect(name).configure(settings)
    return json.loads(update)["session"]


@pytest.mark.parametrize(
    ("name", "path", "header"),
    [
        ("azure", "/openai/v1/realtime?model=m%2F1", ("api-key", "k")),
        (
            "voice-live",
            "/voice-live/realtime?api-version=2026-04-10&model=m%2F1",
            ("api-key", "k"),
        ),
        ("xai", "/v1/realtime?model=m%2F1", ("Authorization", "Bearer k")),
        ("inworld", "/api/v1/realtime/session?key=call&protocol=realtime", None),
    ],
)
def test_the_way_in(name: str, path: str, header: tuple[str, str] | None) -> None:
    dialect = find_dialect(name)
    assert dialect.path(ASKED) == path
    assert dialect.headers("k", "") == [header or ("Authorization", "Basic k")]
    assert dialect.headers(None, "") == []


@pytest.mark.parametrize("name", ["azure", "voice-live"])
def test_a_token_of_entra_id_is_a_bearer(name: str) -> None:
    assert find_dialect(name).headers("eyJ0", "") == [("Authorization", "Bearer eyJ0")]


def test_voice_live_has_a_flat_session() -> None:
    assert _session("voice-live") == {
        "modalities": ["text", "audio"],
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_sampling_rate": 24_000,
        "turn_detection": {"type": "server_vad", "silence_duration_ms": 300},
        "voice": "v",
    }


def test_xai_has_turn_detection_and_voice_beside_the_audio() -> None:
    session = _session("xai")
    assert session["turn_detection"]["silence_duration_ms"] == 300
    assert session["voice"] == "v"
    form = {"format": {"type": "audio/pcm", "rate": 24_000}}
    assert session["audio"] == {"input": form, "output": form}


def test_inworld_s_session_names_the_model() -> None:
    assert _session("inworld")["model"] == "m/1"
    assert "model" not in _session("inworld", SessionSettings())
    assert _session("azure") == _session("openai")


@pytest.mark.parametrize("name", ["voice-live", "xai"])
def test_the_user_s_own_session_is_in_either_form(name: str) -> None:
    """What is asked for is known to all that looks at it, wherever the user wrote it."""
    dialect = find_dialect(name)
    none = {"turn_detection": None, "temperature": 0.5}
    nested = {"audio": {"input": {"turn_detection": None}}, "temperature": 0.5}
    for own in (none, nested):
        settings = SessionSettings(wishes=SessionWishes.of(own, "a test"))
        assert dialect.commits(settings)
        assert _session(name, settings)["turn_detection"] is None
        assert _session(name, settings)["temperature"] == 0.5
    told = {"turn_detection": {"type": "server_vad"}, "temperature": 0.8}
    answered = SessionConfigured(detects_turns=True, detection="server_vad", told=told)
    words = dialect.differences(settings, answered)
    assert "turn detection is server_vad, asked for none" in words
    assert "temperature is 0.8, asked for 0.5" in words


VALUES = st.one_of(st.none(), st.text(max_size=3), st.dictionaries(st.just("type"), st.text()))


@pytest.mark.parametrize("name", LOOK_ALIKES)
@given(own=st.dictionaries(st.sampled_from(["instructions", "temperature", "voice"]), VALUES))
def test_nothing_that_the_user_asks_for_is_lost(name: str, own: dict[str, Any]) -> None:
    settings = SessionSettings(wishes=SessionWishes.of(own, "a test"))
    session = _session(name, settings)
    for key, value in own.items():
        assert session[key] == value
