import os
from pathlib import Path

import pytest

from harness import environment


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    assert environment.cache_dir() == tmp_path


def test_the_cache_is_the_user_s_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HARNESS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert environment.cache_dir() == tmp_path / "harness"


def test_our_own_key_comes_before_the_provider_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "theirs")
    monkeypatch.setenv("HARNESS_API_KEY", "")
    assert environment.api_key() == "theirs"
    monkeypatch.setenv("HARNESS_API_KEY", "ours")
    assert environment.api_key() == "ours"
    monkeypatch.delenv("HARNESS_API_KEY")
    monkeypatch.delenv("OPENAI_API_KEY")
    assert environment.api_key() is None


def test_a_process_we_start_does_not_get_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    given = environment.for_child(LOG_LEVEL="warn")
    assert "secret" not in given.values()
    assert given["LOG_LEVEL"] == "warn"


def test_a_setting_is_there_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HARNESS_TEST_SETTING", raising=False)
    assert environment.setting("HARNESS_TEST_SETTING") is None
    monkeypatch.setenv("HARNESS_TEST_SETTING", "")
    assert environment.setting("HARNESS_TEST_SETTING") is None
    monkeypatch.setenv("HARNESS_TEST_SETTING", "0")
    assert environment.setting("HARNESS_TEST_SETTING") == "0"


@pytest.mark.parametrize("before", [None, "8"])
def test_a_variable_set_for_now_is_as_it_was_afterwards(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.delenv("HARNESS_TEST_SETTING", raising=False)
    if before is not None:
        monkeypatch.setenv("HARNESS_TEST_SETTING", before)
    with environment.temporary_env("HARNESS_TEST_SETTING", "1"):
        assert os.environ["HARNESS_TEST_SETTING"] == "1"
    assert os.environ.get("HARNESS_TEST_SETTING") == before
