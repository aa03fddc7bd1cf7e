import os
import subprocess
import sys
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from harness.load.exporters import otel_setup
from harness.load.exporters.otel_setup import join_otel, prepare_otel
from tests.load.conftest import locust_words

CHOSEN = {
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_SERVICE_NAME": "harness",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "3",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    made: dict[str, str] = {}
    monkeypatch.setattr(otel_setup, "default_setting", made.setdefault)
    monkeypatch.setattr(otel_setup, "import_otel", lambda: None)
    monkeypatch.setattr(otel_setup, "_let_inherited_threads_end", lambda: None)
    return made


def test_nothing_is_chosen_where_nobody_asked(environment: dict[str, str]) -> None:
    prepare_otel(["-f", "scenario.py"])
    assert environment == {}


@pytest.mark.parametrize("words", [["--otel"], []])
def test_what_the_user_left_open_is_chosen(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    if not words:
        monkeypatch.setenv("LOCUST_ENABLE_OPENTELEMETRY", "true")
    monkeypatch.setattr(otel_setup, "find_spec", lambda name: None)
    environment["OTEL_SERVICE_NAME"] = "mine"
    prepare_otel(words)
    assert environment == CHOSEN | {"OTEL_SERVICE_NAME": "mine"}


def test_the_protocol_stays_that_of_locust_where_its_exporter_is_installed(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otel_setup, "find_spec", lambda name: name)
    prepare_otel(["--otel"])
    assert set(environment) == set(CHOSEN) - {"OTEL_EXPORTER_OTLP_PROTOCOL"}


def test_a_worker_that_its_master_asks_is_set_up_once(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def set_up(file: str, profile: str | None) -> bool:
        made.append(file)
        return True

    locust: Any = ModuleType("locust.opentelemetry")
    locust.setup_opentelemetry = set_up
    monkeypatch.setitem(sys.modules, "locust.opentelemetry", locust)
    parsed = Namespace(otel=False, otel_asked=False, locustfile="a.py", profile=None)
    join_otel(parsed)
    assert (made, environment) == ([], {})
    parsed.otel_asked = True
    join_otel(parsed)
    join_otel(parsed)
    assert made == ["a.py"]
    assert environment["OTEL_SERVICE_NAME"] == "harness"


def test_without_the_extra_locust_ends_with_one_line_and_the_command(tmp_path: Path) -> None:
    if find_spec("opentelemetry.sdk") is not None:
        # As where the extra is not installed: the library is there and cannot be found.
        (tmp_path / "sitecustomize.py").write_text(
            "import sys\n"
            "class Missing:\n"
            "    def find_spec(self, name, *_):\n"
            "        if name.startswith('opentelemetry.sdk'):\n"
            "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
            "sys.meta_path.insert(0, Missing())\n"
        )
    done = subprocess.run(
        locust_words("--otel", "--host", "ws://127.0.0.1:1", "--calls", "1", reports=tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 4
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("harness: --otel: needs opentelemetry.sdk, which is not installed")
    assert "pip install 'harness[otel]'" in line


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_threads_that_a_fork_inherits_do_not_complain_when_they_end() -> None:
    code = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import os, threading, gevent\n"
        "from harness.load.exporters.otel_setup import _let_inherited_threads_end\n"
        "_let_inherited_threads_end(); _let_inherited_threads_end()\n"
        "stop = threading.Event()\n"
        "threading.Thread(target=stop.wait, name='OtelBatch', daemon=True).start()\n"
        "child = gevent.fork()\n"
        "stop.set(); gevent.sleep(0.2)\n"
        "if child:\n"
        "    os.waitpid(child, 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
