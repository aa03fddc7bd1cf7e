import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from io import BytesIO, StringIO, TextIOWrapper
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from harness import errors
from harness.errors import (
    BadInput,
    ExitCode,
    Fault,
    HarnessError,
    Party,
    Phase,
    RedactedStream,
    conceal,
    redacted,
    sanitised,
)


@given(st.text())
def test_foreign_text_becomes_one_bounded_line(text: str) -> None:
    line = sanitised(text)
    assert len(line) <= 300
    assert len(line.splitlines()) <= 1


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert "\x1b" not in sanitised("\x1b[31mred\x1b[0m\x07")


def test_what_looks_like_a_key_is_taken_out_of_a_server_s_words() -> None:
    for text in (
        "Incorrect API key provided: sk-proj-abcdef123456",
        "Incorrect API key provided: sk-proj-********abcdef",
        "ek_0123456789abcdef",
        "Authorization: Bearer abc.def.ghi",
    ):
        clean = Fault(Party.THEIRS, Phase.SETUP, "refused", text).detail
        assert "[redacted]" in clean
        assert "abcdef" not in clean
        assert "abc.def" not in clean


@pytest.mark.parametrize(
    "words",
    [
        "sk-0001",
        "pk-karachi-3",
        "api-greeting",
        "sk/sk-bratislava-station.wav",
        "key_west_recordings_of_2024",
        "sk-voice-large-v2-preview-2025",
        "api_version_mismatch",
        "Missing bearer authentication",
    ],
)
def test_names_that_look_like_keys_stay(words: str) -> None:
    assert sanitised(words) == words
    assert words in str(BadInput("is no corpus", where=words))


def test_error_codes_and_prose_of_servers_stay() -> None:
    fault = Fault(Party.THEIRS, Phase.SETUP, "api_version_mismatch", "Missing bearer or basic key")
    assert str(fault) == "theirs/setup api_version_mismatch: Missing bearer or basic key"


def short(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in Python": repr,
    "in ASCII": ascii,
    "as bytes": lambda secret: repr(secret.encode()),
    "in JSON": json.dumps,
    "in JSON as UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False),
    "in HTML": html.escape,
    "in a path": quote,
    "in a query": lambda secret: quote(secret, safe=""),
    "in a form": quote_plus,
    "in a query in small letters": lambda secret: re.sub(
        "%..", lambda found: found[0].lower(), quote(secret, safe="")
    ),
    "in Base64": lambda secret: b64encode(secret.encode()).decode(),
    "in Base64 for addresses": short,
}


@pytest.mark.parametrize("how", SPELLINGS)
@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=8, max_size=30
    )
)
@example("key-\"'<&>\\%2F+/=\xe9\u201c end")
@example("first-half/of it\nsecond-half")
def test_every_spelling_of_a_secret_is_concealed(how: str, secret: str) -> None:
    # A secret that stands in the words for secrets cannot be told from them.
    assume(secret not in "[redacted]")
    spelled = SPELLINGS[how](secret)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(errors, "_secrets", [])
        conceal(secret)
        clean = redacted(f"before {spelled} after")
    assert spelled not in clean
    assert "[redacted]" in clean


@pytest.mark.parametrize("before", ["Bearer ", "user:", "key=", ""])
def test_a_secret_in_base64_is_concealed_whatever_stands_around_it(
    before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "_secrets", [])
    conceal("example-key-012345")
    for after in ("", ";", "; x"):
        clean = redacted(b64encode(f"{before}example-key-012345{after}".encode()).decode())
        assert "[redacted]" in clean
        assert len(clean) < len("[redacted]") + 20


def test_each_word_of_a_secret_is_concealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_secrets", [])
    conceal("first-half/of it\nsecond-half")
    assert redacted("first-half%2Fof and second-half") == "[redacted] and [redacted]"


def test_many_tokens_are_concealed_and_the_oldest_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(errors, "_tokens", {})
    monkeypatch.setattr(errors, "_MOST_TOKENS", 2)
    for token in ("the_first-token", "second/short.token-no2"):
        errors.conceal_token(token)
    assert redacted("(the_first-token)") == "([redacted])"
    assert redacted('"second/short.token-no2",') == '"second/short.[redacted]",'
    errors.conceal_token("token-no3")
    assert redacted("the_first-token, token-no3") == "the_first-token, [redacted]"


def test_a_placeholder_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_secrets", [])
    for value in ("", "test", "EMPTY"):
        conceal(value)
    assert redacted("a test of an EMPTY value") == "a test of an EMPTY value"


def test_secrets_do_not_get_through_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_secrets", [])
    conceal("example-key-1")
    under = StringIO()
    stream = RedactedStream(under)
    stream.write("it is example-key-1\n")
    stream.writelines(["example-key-1", "\n"])
    assert under.getvalue() == "it is [redacted]\n[redacted]\n"
    assert stream.isatty() is False  # type: ignore[operator]


def test_secrets_do_not_get_through_the_bytes_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_secrets", [])
    conceal("example-key-1")
    under = BytesIO()
    stream = RedactedStream(TextIOWrapper(under))
    stream.buffer.write(b"\xff it is example-key-1")
    assert under.getvalue() == b"\xff it is [redacted]"


def test_an_error_says_where_what_and_how_to_mend_it() -> None:
    error = BadInput("is not TOML", where="slo.toml", hint="Check line 3")
    assert str(error) == "slo.toml: is not TOML. Check line 3"
    assert error.exit_code is ExitCode.BAD_INPUT
    assert isinstance(error, HarnessError)


def test_a_fault_bounds_what_it_was_told() -> None:
    fault = Fault(Party.THEIRS, Phase.RESPONSE, "c" * 500, "x\n" * 500)
    assert len(fault.code) <= 80
    assert len(fault.detail) <= 300
    assert "\n" not in str(fault)
