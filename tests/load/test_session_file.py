import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import BadInput
from harness.load.session_file import read_session, resolve_sessions, session_from


def write(folder: Path, text: str, name: str = "session.json") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_json_and_toml_give_the_same_session(tmp_path: Path) -> None:
    held = {"instructions": "Be brief.", "audio": {"output": {"voice": "marin"}}}
    one = read_session(write(tmp_path, json.dumps(held)), "--session")
    toml = 'instructions = "Be brief."\n[audio.output]\nvoice = "marin"\n'
    assert one == read_session(write(tmp_path, toml, "session.toml"), "--session")
    assert one.fields == held
    event = json.dumps({"type": "session.update", "session": held})
    assert read_session(write(tmp_path, event), "--session") == one


@pytest.mark.parametrize(
    ("text", "words"),
    [("[1]", "no object"), ('"x"', "no object"), ("{", "no JSON"), ("[" * 9999, "nested|JSON")],
)
def test_what_is_no_session_is_refused_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_session(write(tmp_path, text), "--session")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_session(tmp_path / "none.json", "--session none.json")
    with pytest.raises(BadInput, match="cannot be read"):
        read_session(tmp_path, "--session")


@pytest.mark.parametrize(
    "held",
    [
        {"instructions": "Use sk-abcdefghijklmnop for it."},
        {"tools": [{"type": "mcp", "authorization": "abcdefgh"}]},
        {"tools": [{"headers": {"Authorization": "Bearer abcdefghij"}}]},
        {"sk-abcdefghijklmnop": 1},
        {"prompt": {"variables": {"x": ["value-of-our-own-key"]}}},
    ],
)
def test_a_secret_is_refused_and_not_shown(held: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SERVICE_API_KEY", "value-of-our-own-key")
    with pytest.raises(BadInput) as raised:
        session_from(held, "A.session")
    assert "secret" in str(raised.value)
    for shown in ("abcdefgh", "value-of-our-own-key"):
        assert shown not in str(raised.value)


def test_words_about_keys_are_no_secret() -> None:
    held = {
        "instructions": "You hold the key to the city. Never give away a token or a password.",
        "max_output_tokens": "inf",
        "tools": [{"name": "book", "parameters": {"properties": {"token": {"type": "string"}}}}],
    }
    assert session_from(held, "A.session").fields == held


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(BadInput, match="JSON"):
        session_from({"speed": object()}, "A.session")


def test_workers_get_the_contents_in_place_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '{"instructions": "Be brief."}')
    parsed: Any = SimpleNamespace(session=str(path), target_session="")
    resolve_sessions(parsed)
    assert json.loads(parsed.session) == {"instructions": "Be brief."}
    path.unlink()
    resolve_sessions(parsed)
    assert json.loads(parsed.session) == {"instructions": "Be brief."}
