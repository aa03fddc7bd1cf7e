import argparse
from pathlib import Path
from typing import Any

import pytest

from harness.cli.declared_options import DeclaredOptions
from harness.environment import for_child
from harness.errors import BadInput, sanitised
from harness.load.options import add_arguments
from harness.load.targets import resolve_target

TWO = """
[targets.production]
url = "wss://voice.example.com/v1/realtime"
dialect = "openai-realtime"
model = "voice-2"
key_variable = "MY_TARGET_KEY"
key_header = "api-key"
setup_limit_s = 60
refusal_retries = 5
ca = "authority.pem"
agent_first = true
ephemeral_keys = true

[targets.local]
url = "ws://127.0.0.1:8765"
"""


def parsed(path: Path, *words: str) -> argparse.Namespace:
    return DeclaredOptions(add_arguments).read(["--targets", str(path), *words])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "targets.toml"
    path.write_text(TWO)
    return path


def test_an_address_is_taken_as_it_is(tmp_path: Path) -> None:
    options = parsed(tmp_path / "none.toml")
    assert resolve_target(options, "ws://127.0.0.1:1") == "ws://127.0.0.1:1"
    assert resolve_target(options, None) is None


def test_a_target_brings_its_address_and_its_options(file: Path) -> None:
    options = parsed(file)
    assert resolve_target(options, "production") == "wss://voice.example.com/v1/realtime"
    assert (options.model, options.key_header, options.agent_first) == ("voice-2", "api-key", True)
    assert (options.setup_limit_s, options.refusal_retries) == (60.0, 5)
    assert options.ephemeral_keys is True
    assert options.key_variable == "MY_TARGET_KEY"
    assert options.ca == str(file.parent / "authority.pem")


def test_the_command_line_wins_over_the_target(file: Path) -> None:
    options = parsed(file, "--model", "voice-3", "--setup-limit-s", "20")
    resolve_target(options, "production")
    assert (options.model, options.setup_limit_s, options.refusal_retries) == ("voice-3", 20.0, 5)


def test_other_targets_leave_the_options_alone(file: Path) -> None:
    options, untouched = parsed(file), parsed(file)
    assert resolve_target(options, "local") == "ws://127.0.0.1:8765"
    assert options == untouched


def test_a_named_variable_is_a_secret_of_the_whole_process(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TARGET_KEY", "quite-a-secret-value")
    resolve_target(parsed(file), "production")
    assert "MY_TARGET_KEY" not in for_child()
    assert "quite-a-secret-value" not in sanitised("refused quite-a-secret-value")


def test_without_a_file_a_name_is_no_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = DeclaredOptions(add_arguments).read([])
    with pytest.raises(BadInput, match=r"--host openai: no such target in harness.toml"):
        resolve_target(options, "openai")
    with pytest.raises(BadInput, match="no such file"):
        resolve_target(parsed(tmp_path / "other.toml"), "openai")


def test_a_misspelt_target_is_told_the_nearest(file: Path) -> None:
    with pytest.raises(BadInput, match="Did you mean production"):
        resolve_target(parsed(file), "prodution")
    with pytest.raises(BadInput, match="or one of: production, local"):
        resolve_target(parsed(file), "xyz")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("modle = 'a'", "Did you mean model"),
        ("colour = 'a'", "has no setting colour"),
        ("model = 3", "must be text"),
        ("setup_limit_s = '3'", "must be a number"),
        ("refusal_retries = 1.5", "must be a whole number"),
        ("agent_first = 'yes'", "must be true or false"),
        ("targets = 'x.toml'", "has no setting targets"),
    ],
)
def test_what_cannot_be_set_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "t.toml"
    path.write_text(f"[targets.a]\nurl = 'ws://x'\n{line}\n")
    with pytest.raises(BadInput, match=words):
        resolve_target(parsed(path), "a")


@pytest.mark.parametrize(
    "held",
    [
        "url = 'ws://x'\napi_key = 'sk-very-secret'",
        "url = 'ws://x'\ntoken = 'sk-very-secret'",
        "url = 'ws://x'\nkey_variable = 'sk-very-secret'",
        "url = 'ws://me:sk-very-secret@x'",
        "url = 'ws://x?api_key=sk-very-secret'",
    ],
)
def test_a_key_in_the_file_is_refused_and_not_shown(tmp_path: Path, held: str) -> None:
    path = tmp_path / "t.toml"
    path.write_text(f"[targets.a]\n{held}\n")
    with pytest.raises(BadInput, match="environment") as refused:
        resolve_target(parsed(path), "a")
    assert "sk-very-secret" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "targets = 3", "[targets]\na = 3", "[targets.a]\nmodel='x'"])
def test_a_file_without_targets_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"holds no targets|has no url"):
        resolve_target(parsed(path), "a")


@pytest.mark.parametrize("content", [b"[targets", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path: Any = tmp_path / "t.toml"
    path.write_bytes(content)
    with pytest.raises(BadInput):
        resolve_target(parsed(path), "a")
