import os
import signal
import traceback
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harness import environment, errors
from harness.errors import BadInput, Fault, Party, Phase


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


def test_a_copy_of_a_key_does_not_reach_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "example-key-1")
    monkeypatch.setenv("MY_COPY", "example-key-1")
    monkeypatch.setenv("TOXIPROXY_AUTH_TOKEN", "on")
    monkeypatch.setenv("A_SWITCH", "on")
    given = environment.for_child()
    assert "MY_COPY" not in given
    assert given["A_SWITCH"] == "on"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_s_password_reaches_only_who_downloads(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "http://user:password@proxy.test:3128")
    monkeypatch.setenv("no_proxy", "a@b")
    monkeypatch.setenv("OPENAI_API_KEY", "example-key-1")
    assert name not in environment.for_child()
    assert environment.for_child()["no_proxy"] == "a@b"
    loading = environment.for_download(GOBIN="/tmp")
    assert loading[name] == "http://user:password@proxy.test:3128"
    assert loading["GOBIN"] == "/tmp"
    assert "OPENAI_API_KEY" not in loading
    with environment.without_secrets():
        assert name not in os.environ
    monkeypatch.setenv(name, "http://proxy.test:3128")
    assert environment.for_child()[name] == "http://proxy.test:3128"


def test_a_key_is_stripped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", " \texample-key-1\r\n")
    assert environment.api_key() == "example-key-1"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("\u201cexample-key-1\u201d", "U\\+201C LEFT DOUBLE QUOTATION MARK"),
        ("'example-key-1'", "quotes around it"),
        ("example-key-1\nexample-key-2", "line break"),
        ("example\tkey-1", "U\\+0009"),
        ("\ufeffexample-key-1", "U\\+FEFF"),
        ("example-key-\u043a", "CYRILLIC"),
        ("example-key-\udcff", "U\\+DCFF"),
    ],
)
def test_what_cannot_be_a_key_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, value: str, why: str
) -> None:
    monkeypatch.delenv("HARNESS_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", value)
    with pytest.raises(BadInput, match=f"OPENAI_API_KEY: .*{why}") as refused:
        environment.api_key()
    assert "example" not in str(refused.value)


@given(
    st.text(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=8, max_size=40
    )
)
def test_no_secret_comes_out_by_any_way(secret: str) -> None:
    """Whatever the variable holds, the key, if it is one, is in the header and nowhere else."""
    words = [word for word in (secret.strip(), *secret.split()) if len(word) >= 8]
    assume(words)
    assume(all(word not in "harness.errors traceback refused settings" for word in words))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(errors, "_secrets", [])
        patch.setenv("HARNESS_API_KEY", secret)
        said = []
        try:
            environment.api_key()
        except BadInput as refused:
            said.append(str(refused))
        try:
            raise ValueError(f"not a header: {secret!r}, {secret}")
        except ValueError as error:
            said.append(errors.redacted("".join(traceback.format_exception(error))))
            said.append(errors.sanitised(error))
            said.append(str(BadInput(f"broke: {error}", where="HARNESS_API_KEY")))
            said.append(str(Fault(Party.THEIRS, Phase.SETUP, f"code {error}", str(error))))
        said += environment.for_child().values()
        with environment.without_secrets():
            said += os.environ.values()
        assert os.environ["HARNESS_API_KEY"] == secret
        for word in words:
            assert not [text for text in said if word in text]


def test_a_proxy_s_password_is_concealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_secrets", [])
    monkeypatch.setenv("https_proxy", "http://user:pass%20phrase@proxy.test:3128")
    environment.conceal_secrets()
    assert "phrase" not in errors.redacted("pass%20phrase or pass phrase")


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


def test_what_is_shipped_is_found_by_name_only() -> None:
    found = environment.shipped("dialogues", "order.toml")
    assert found is not None
    assert found.is_file()
    assert environment.shipped("dialogues", "../README.md") is None
    assert "conversation" in {path.stem for path in environment.shipped_files("scenarios")}


def test_threads_of_numpy_are_kept_from_starting_unless_the_user_wants_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    monkeypatch.setitem(os.environ, "MKL_NUM_THREADS", "")
    del os.environ["MKL_NUM_THREADS"]
    environment.without_idle_threads()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"
    assert os.environ["MKL_NUM_THREADS"] == "1"


def test_a_default_gives_way_to_what_the_user_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_TEST_A", "theirs")
    monkeypatch.delenv("HARNESS_TEST_B", raising=False)
    try:
        for name in ("HARNESS_TEST_A", "HARNESS_TEST_B"):
            environment.default_setting(name, "ours")
        assert environment.setting("HARNESS_TEST_A") == "theirs"
        assert environment.setting("HARNESS_TEST_B") == "ours"
    finally:
        monkeypatch.delenv("HARNESS_TEST_B", raising=False)


def test_headers_of_exporters_are_concealed_and_reach_no_process_that_we_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(errors, "_secrets", [])
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=collectors%20own,x=another-key-2")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "authorization=Basic traces-key-3")
    environment.conceal_secrets()
    said = "collectors%20own / collectors own / another-key-2 / Basic traces-key-3"
    assert errors.redacted(said) == " / ".join(["[redacted]"] * 4)
    assert not [name for name in environment.for_child() if name.startswith("OTEL_EXPORTER")]


def test_a_hangup_ends_a_run_but_not_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        assert signal.SIGHUP in environment.ending_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert signal.SIGHUP not in environment.ending_signals()
    finally:
        signal.signal(signal.SIGHUP, before)
