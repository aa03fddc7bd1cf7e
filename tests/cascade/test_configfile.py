from pathlib import Path

import pytest

from harness.cascade import configfile, read_cascade
from harness.errors import BadInput


def test_the_example_is_read_and_the_rest_is_as_usual(tmp_path: Path) -> None:
    path = tmp_path / "cascade.toml"
    path.write_text((configfile.__doc__ or "").partition("\n\n")[2])
    found = read_cascade(path, 1)
    assert (found.port, found.instructions) == (8766, "You are a hotel's receptionist.")
    assert (found.stt.language, found.tts.key_env, found.tts.url) == ("en", "MY_KEY", "")
    assert (found.llm.limit_s, found.llm.options) == (20.0, {"temperature": 0})
    assert found.stt.limit_s == 10.0


def test_without_a_file_everything_is_as_usual() -> None:
    found = read_cascade(None, 7)
    assert (found.port, found.stt.name, found.stages) == (7, "openai", None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[stt]\nmodell = 'x'", "modell"),
        ("[llm]\nlimit_s = 0", "between 0 and 600 s"),
        ("[server]\nport = 70000", "65535"),
        ("[stt", "cascade's configuration"),
    ],
)
def test_what_a_file_may_not_say_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "cascade.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=words):
        read_cascade(path)
    with pytest.raises(BadInput, match="cannot be used"):
        read_cascade(tmp_path / "missing.toml")
