import pytest

from harness.dialects import (
    DEFAULT_DIALECT,
    DIALECTS,
    OpenAIRealtime,
    Role,
    choose_dialect,
    find_dialect,
)
from harness.errors import BadInput


def test_the_default_is_one_of_the_table() -> None:
    assert isinstance(find_dialect(DEFAULT_DIALECT), OpenAIRealtime)


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(BadInput, match=f"--dialect: .*{', '.join(DIALECTS)}"):
        find_dialect("nobody")


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_sends_a_key_where_its_facts_say_so(name: str) -> None:
    dialect = find_dialect(name)
    shown = dialect.headers("a key", "wss://app.example/media")
    without = dialect.headers(None, "wss://app.example/media")
    assert shown[: len(without)] == without
    # The header of the key is the last one: a refused key is told with it.
    assert (shown != without) is dialect.facts.sends_key
    assert "a key" not in str(without)
    assert bool(dialect.facts.key_variables) <= dialect.facts.sends_key


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("wss://api.openai.com", "openai"),
        ("wss://API.OpenAI.com:443/v1/realtime?model=m", "openai"),
        ("wss://mine.openai.azure.com", "azure"),
        ("wss://mine.services.ai.azure.com/openai/v1/realtime?model=d", "azure"),
        ("wss://mine.services.ai.azure.com/voice-live/realtime?model=m", "voice-live"),
        ("wss://mine.cognitiveservices.azure.com/voice-live/realtime", "voice-live"),
        ("wss://api.x.ai/v1/realtime", "xai"),
        ("wss://api.inworld.ai", "inworld"),
        ("wss://generativelanguage.googleapis.com", "gemini"),
        ("wss://agent.deepgram.com/v1/agent/converse", "deepgram"),
        ("https://api.vapi.ai", "vapi"),
        ("wss://api.us.elevenlabs.io/v1/convai/conversation?agent_id=a", "elevenlabs"),
    ],
)
def test_a_vendor_s_host_says_what_is_spoken_there(address: str, name: str) -> None:
    assert choose_dialect("", address) == choose_dialect(name, address) == name
    with pytest.raises(BadInput, match=f"--dialect twilio: does not fit .*, which speaks {name}"):
        choose_dialect("twilio", address)


@pytest.mark.parametrize(
    "address",
    [
        *("ws://127.0.0.1:8765/twilio", "wss://app.example/media", "wss://elevenlabs.io.example"),
        *("wss://notapi.openai.com.example", "wss://[", "", "wss://xelevenlabs.io"),
        "wss://mine.services.ai.azure.com",
    ],
)
def test_elsewhere_nothing_is_certain(address: str) -> None:
    assert choose_dialect("", address) == DEFAULT_DIALECT
    assert choose_dialect("twilio", address) == "twilio"


def test_no_carrier_is_known_by_its_host_and_no_host_by_two_dialects() -> None:
    facts = {name: make().facts for name, make in DIALECTS.items()}
    assert not any(found.hosts for found in facts.values() if found.role is Role.CARRIER)
    hosts = [host for found in facts.values() for host in found.hosts]
    assert len(hosts) == len(set(hosts))
