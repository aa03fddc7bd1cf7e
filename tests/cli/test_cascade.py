from pathlib import Path
from typing import Any

import pytest

from harness.cascade import CascadeConfig
from harness.cli.app import run
from harness.errors import ExitCode


def test_options_beat_the_file_and_another_provider_begins_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    served = []

    def serve(config: CascadeConfig, **_more: Any) -> None:
        served.append(config)

    monkeypatch.setattr("harness.cli.cascade.serve_cascade", serve)
    path = tmp_path / "cascade.toml"
    path.write_text('[llm]\nmodel = "a"\nlimit_s = 3\n[tts]\nprovider = "other"\nvoice = "v"\n')
    words = "--llm-model b --stt-limit 2 --tts openai --tts-model t --port 5"
    run(["cascade", "--config", str(path), *words.split()])
    (config,) = served
    assert (config.llm.model, config.llm.limit_s, config.stt.limit_s) == ("b", 3, 2)
    assert (config.tts.name, config.tts.voice, config.tts.model) == ("openai", "", "t")
    assert config.port == 5
    assert capsys.readouterr().err == ""


def test_a_missing_key_is_one_line_and_bad_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert run(["cascade", "--port", "0"]) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert told.startswith("harness: OPENAI_API_KEY: is not set")
    assert told.count("\n") == 1
