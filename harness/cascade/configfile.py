"""A cascade from a TOML file: every key is known, every value is checked.

[server]
port = 8766
instructions = "You are a hotel's receptionist."

[stt]
provider = "openai"
url = "http://127.0.0.1:8000/v1"
model = "whisper-1"
language = "en"

[llm]
provider = "openai"
url = "http://127.0.0.1:11434/v1"
model = "qwen3:4b"
limit_s = 20.0
options = { temperature = 0 }

[tts]
provider = "openai"
key_env = "MY_KEY"
voice = "alloy"
"""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from harness.cascade.settings import CascadeConfig, ProviderSettings
from harness.errors import BadInput, sanitised


class _Server(msgspec.Struct, forbid_unknown_fields=True):
    host: str | None = None
    port: int | None = None
    stages: str | None = None
    instructions: str | None = None
    ping_interval_s: float | None = None
    session_limit_s: float | None = None


class _Provider(msgspec.Struct, forbid_unknown_fields=True):
    provider: str = "openai"
    url: str | None = None
    model: str | None = None
    voice: str | None = None
    language: str | None = None
    key_env: str | None = None
    limit_s: float | None = None
    options: dict[str, Any] | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    server: _Server = msgspec.field(default_factory=_Server)
    stt: _Provider = msgspec.field(default_factory=_Provider)
    llm: _Provider = msgspec.field(default_factory=_Provider)
    tts: _Provider = msgspec.field(default_factory=_Provider)


def read_cascade(path: Path | None, port: int = 0) -> CascadeConfig:
    """Return the configuration a file describes; what it leaves out has its default.

    Args:
        path: The file; `None` for nothing but defaults.
        port: The port, unless the file names one.

    Raises:
        BadInput: The file cannot be read, is not TOML, or has an unknown key or value.
    """
    if path is None:
        return _config(_File(), port)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return _config(msgspec.convert(table, _File), port)
    except OSError as error:
        raise _unusable(path, sanitised(error.strerror)) from error
    except (UnicodeError, ValueError) as error:  # TOML's and msgspec's own errors
        raise _unusable(path, sanitised(error)) from error


def _config(file: _File, port: int) -> CascadeConfig:
    given: dict[str, Any] = {"port": port} | _given(file.server)
    if "stages" in given:
        given["stages"] = Path(given["stages"])
    return CascadeConfig(
        stt=_settings(file.stt), llm=_settings(file.llm), tts=_settings(file.tts), **given
    )


def _settings(provider: _Provider) -> ProviderSettings:
    given = _given(provider)
    return ProviderSettings(name=given.pop("provider"), **given)


def _given(struct: msgspec.Struct) -> dict[str, Any]:
    return {
        name: value for name, value in msgspec.structs.asdict(struct).items() if value is not None
    }


def _unusable(path: Path, why: str) -> BadInput:
    return BadInput(
        f"cannot be used as a cascade's configuration: {why}",
        where=str(path),
        hint="docs/cascade.md has an example",
    )
