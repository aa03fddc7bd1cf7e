import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import flask
import pytest

from harness.errors import BadInput
from harness.load.observers import Observers
from harness.load.options import Options
from harness.recording import Batch
from tests.analysis.conftest import build_run, build_turn


class Written:
    """What observers need of the writer of a run."""

    def __init__(self) -> None:
        self.manifest = build_run([build_turn()]).manifest
        self.heard: list[Callable[[Batch], None]] = []

    def listen(self, listener: Callable[[Batch], None]) -> None:
        self.heard.append(listener)

    def write(self, batch: Batch) -> None:
        for listener in self.heard:
            listener(batch)


@pytest.fixture
def web_ui() -> Any:
    return SimpleNamespace(
        app=flask.Flask("test"),
        environment=SimpleNamespace(parsed_options=None),
        auth_required_if_enabled=lambda view: view,
        template_args={},
    )


def figures(web_ui: Any) -> Any:
    return web_ui.app.test_client().get("/voice/figures.json").json


def test_without_a_page_nobody_listens() -> None:
    written: Any = Written()
    observers = Observers(None, lambda: 0)
    observers.begin(written)
    assert written.heard == []
    observers.end()


def test_the_page_hears_what_is_written_and_shows_the_next_run_anew(web_ui: Any) -> None:
    observers = Observers(web_ui, lambda: 2)
    assert figures(web_ui) == {"refused": ""}
    first: Any = Written()
    observers.begin(first)
    first.write(Batch(turns=[build_turn()]))
    assert figures(web_ui)["turns"]["n"] == 1
    assert figures(web_ui)["calls"]["open"] == 2
    observers.end()
    assert figures(web_ui)["ended"]
    observers.begin(second := Written())  # type: ignore[arg-type]
    second.write(Batch())
    assert figures(web_ui)["turns"]["n"] == 0


def test_a_defect_of_a_listener_is_told_once_and_the_run_goes_on(
    web_ui: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    written: Any = Written()
    Observers(web_ui, lambda: 0).begin(written)
    broken: Any = SimpleNamespace(turns=None)
    written.write(broken)
    written.write(broken)
    assert capsys.readouterr().err.count("figures of the live page are no longer updated") == 1


def test_metrics_are_served_once_asked_for_and_over_all_runs() -> None:
    pytest.importorskip("prometheus_client")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    observers = Observers(None, lambda: 1)
    options = Options(host="ws://127.0.0.1:1", prometheus=("127.0.0.1", port))
    for turns in (1, 2):
        observers.prepare(options)
        written: Any = Written()
        observers.begin(written)
        written.write(Batch(turns=[build_turn()] * turns))
        observers.end()
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        told = answer.read().decode()
    assert 'status="completed",user_class=""} 3.0' in told
    assert "harness_open_calls 0.0" in told


def test_spans_and_metrics_are_for_whoever_asks_and_are_sent_when_the_run_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    class Told:
        """Stands in for both parts of the exporter."""

        def __init__(self, *_: object) -> None:
            self.begin = lambda session_id, plan: (("traceparent", session_id),)

        def take(self, *_: object) -> None:
            done.append("take")

        def close(self) -> None:
            done.append("close")

    door = SimpleNamespace(CallTracer=Told, MeteredRecords=Told)
    monkeypatch.setattr("harness.load.observers.import_otel", lambda: door)
    observers, heard = Observers(None, lambda: 0), SimpleNamespace(begins=[], takes=[])
    workload: Any = SimpleNamespace(trace=heard.begins.append, listen=heard.takes.append)
    plain = Options(host="ws://127.0.0.1:1")
    observers.prepare(plain)
    observers.follow(plain, workload, 0)
    assert (heard.begins, heard.takes) == ([], [])
    asked = Options(host="ws://127.0.0.1:1", otel=True)
    observers.prepare(asked)
    observers.follow(asked, workload, 0)
    written: Any = Written()
    observers.begin(written)
    written.write(Batch())
    heard.takes[0]((), None)
    assert done == ["take", "take"]
    observers.end()
    assert done[2:] == ["close", "close"]
    observers.end()
    assert done[4:] == ["close"], "a run that is over is not told of again"


def test_the_page_says_why_a_run_cannot_begin_until_one_does(web_ui: Any) -> None:
    observers = Observers(web_ui, lambda: 0)
    observers.refuse(BadInput("no such network", where="--network x"))
    assert figures(web_ui) == {"refused": "--network x: no such network"}
    observers.refuse(ValueError("inside"))
    assert "our bug" in figures(web_ui)["refused"]
    observers.begin(Written())  # type: ignore[arg-type]
    assert figures(web_ui)["refused"] == ""
    Observers(None, lambda: 0).refuse(ValueError("nobody looks"))
