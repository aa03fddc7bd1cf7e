"""The live page in a browser, and under real Locust in one process and in several."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import flask
import pytest
from werkzeug.serving import make_server

from harness.errors import Fault, Party, Phase, conceal
from harness.load.monitoring.figures import LiveFigures
from harness.load.monitoring.page import VoicePage
from harness.load.price_list import bundled_prices
from harness.model import NS_PER_S, Check, TurnStatus
from harness.recording import Batch
from tests.analysis.conftest import build_run, build_session, build_turn
from tests.load.conftest import MachineTooBusy, locust_words

EVIL = "<img src=x onerror=document.title='owned'>"
LONG = "a-network-with-a-very-long-name-that-nobody-would-choose-and-somebody-did"
needs_browser = pytest.mark.skipif(
    shutil.which("chromium") is None, reason="chromium is not on PATH"
)


def browse(url: str, profile: Path, *options: str) -> tuple[str, str]:
    """Return the page as the browser has it after some seconds, and what it complained of."""
    words = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    words += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    words += ["--disable-quic", "--enable-logging=stderr", "--virtual-time-budget=5000", *options]
    words += [f"--user-data-dir={profile}", "--dump-dom", url]
    done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=True)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(complaints)


class Served:
    """Our page on a server of its own, with Locust's part made up."""

    def __init__(self, *, base: str = "", guard: Callable[..., Any] = lambda view: view) -> None:
        self.app = flask.Flask(__name__)
        web_ui: Any = SimpleNamespace(
            app=self.app,
            environment=SimpleNamespace(parsed_options=SimpleNamespace(web_base_path=base)),
            auth_required_if_enabled=guard,
            template_args={},
        )

        @self.app.route(f"{base}/stats/requests")
        def statistics() -> dict[str, str]:
            return {"state": "running"}

        @self.app.route("/phone")
        def phone() -> str:
            return (
                '<body style="margin:0"><iframe src="voice/" style="width:390px;height:900px;'
                'border:0"></iframe><script>setTimeout(()=>{const d=frames[0].document;'
                "document.title='over='+[...d.querySelectorAll('main *')].filter(e=>"
                "!e.closest('.scroll,svg')&&e.getBoundingClientRect().right>391).length"
                "+','+Math.max(0,d.documentElement.scrollWidth-390)},3000)</script>"
            )

        self.web_ui = web_ui
        self.page = VoicePage(web_ui)

    def get(self, path: str) -> Any:
        return self.app.test_client().get(path)


@pytest.fixture
def served() -> Iterator[tuple[Served, str]]:
    made = Served()
    server = make_server("127.0.0.1", 0, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)


def some_figures(**manifest: Any) -> LiveFigures:
    run = build_run([build_turn()], calls_planned=40)
    found = LiveFigures(run.manifest, bundled_prices(), lambda: 3)
    fault = Fault(Party.THEIRS, Phase.RESPONSE, EVIL, EVIL)
    turns = [
        build_turn(600.0 + 7 * i, session=f"s{i // 4}", network=network, user_class=user_class)
        for i in range(60)
        for network in ("ideal", LONG)
        for user_class in (EVIL, "Hasty")
    ]
    turns += [build_turn(None, session="f", status=TurnStatus.FAILED, fault=fault)]
    session = replace(build_session(), checks=(Check(what="it was ordered", passed=False),))
    found.take(Batch(turns=turns, sessions=[session], end_ns=20 * NS_PER_S))
    return found


@needs_browser
def test_the_browser_shows_the_figures_and_takes_no_foreign_text_for_markup(
    served: tuple[Served, str], tmp_path: Path
) -> None:
    made, url = served
    figures = some_figures()
    made.page.show(figures)
    shown, complaints = browse(f"{url}/voice/", tmp_path / "profile")
    assert complaints == "", "neither the policy of the page nor its script complains"
    assert "<title>test: voice</title>" in shown
    assert "&lt;img src=x" in shown
    assert "<img" not in shown
    median = figures.rows()[0]["metrics"]["voice_to_voice"]["percentiles"][0]["ms"]
    assert f"{median:.1f}" in shown
    assert shown.count("<circle") == 240
    for words in (
        "Hasty",
        LONG,
        "the API",
        "of 40 planned",
        "1 failed",
        'class="verdict ',
        "Checks failed",
    ):
        assert words in shown


@needs_browser
def test_a_telephones_window_is_not_overflown(served: tuple[Served, str], tmp_path: Path) -> None:
    made, url = served
    made.page.show(some_figures())
    shown, _ = browse(f"{url}/phone", tmp_path / "profile")
    assert "<title>over=0,0</title>" in shown


@needs_browser
def test_before_the_first_run_the_page_says_so_and_why_there_is_none(
    served: tuple[Served, str], tmp_path: Path
) -> None:
    made, url = served
    made.page.refuse(f"no such network {EVIL}")
    shown, complaints = browse(f"{url}/voice/", tmp_path / "profile")
    assert complaints == ""
    assert "No run yet" in shown
    assert "cannot begin: no such network &lt;img" in shown
    assert 'data-seen="none"' in shown


def test_the_page_asks_nobody_but_its_own_server() -> None:
    made = Served()
    page, script, style = (made.get(f"/voice/{name}") for name in ("", "page.js", "page.css"))
    assert [page.status_code, script.status_code, style.status_code] == [200] * 3
    assert [found.mimetype for found in (script, style)] == ["text/javascript", "text/css"]
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "//" not in page.text
    assert "innerHTML" not in script.text
    assert "url(" not in style.text
    assert made.get("/voice/../page.py").status_code == 404
    assert made.get("/voice/page.html").status_code == 404


def test_a_secret_does_not_reach_the_page_from_wherever_it_comes() -> None:
    made, secret = Served(), "sk-live-page-0123456789abcdef"
    conceal(secret)
    figures = some_figures()
    fault = Fault(Party.THEIRS, Phase.RESPONSE, f"refused {secret}")
    figures.take(Batch(turns=[build_turn(None, status=TurnStatus.FAILED, fault=fault)]))
    figures.take(Batch(turns=[build_turn(network=f"named {secret}")]))
    made.page.show(figures)
    assert secret not in made.get("/stats/requests").text
    told = made.get("/voice/figures.json").text
    assert secret not in told
    (failures,) = json.loads(told)["failures"]
    assert any(code.startswith("refused ") for code in failures["codes"])


def test_locusts_own_page_has_a_tab_with_our_percentiles() -> None:
    made = Served(base="/load")
    assert made.get("/load/stats/requests").json == {"state": "running"}
    figures = some_figures()
    made.page.show(figures)
    (told,) = made.get("/load/stats/requests").json["extended_stats"]
    (table,) = made.web_ui.template_args["extended_tables"]
    assert made.web_ui.template_args["extended_tabs"] == [{"title": "Voice", "key": told["key"]}]
    assert set(told["data"][0]) == {column["key"] for column in table["structure"]}
    first = told["data"][0]
    assert (first["network"], first["user_class"], first["n"]) == ("all", "all", 240)
    assert told["data"][0]["p50"] == pytest.approx(
        figures.rows()[0]["metrics"]["voice_to_voice"]["percentiles"][0]["ms"], abs=0.05
    )


def test_behind_locusts_login_the_page_is_behind_it_too() -> None:
    made = Served(guard=lambda view: lambda **_: flask.Response("log in", status=401))
    made.page.show(some_figures())
    for path in ("", "page.js", "figures.json"):
        assert made.get(f"/voice/{path}").status_code == 401


@contextmanager
def locust_page(reports: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run Locust with its page; what it said on its way is no traceback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = ("--web-host", "127.0.0.1", "--web-port", str(port))
    words = locust_words(*address, *options, reports=reports)
    words.remove("--headless")
    locust = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{port}", locust
    finally:
        locust.send_signal(signal.SIGINT)
        _, told = locust.communicate(timeout=60)
    assert "Traceback" not in told, told


@pytest.mark.parametrize("extra", [(), ("--processes", "2")])
def test_under_locust_the_page_has_what_all_processes_recorded(
    simulator: str, tmp_path: Path, extra: tuple[str, ...]
) -> None:
    options = ("--autostart", "--host", simulator, "-u", "8", "-r", "20", "--calls", "8")
    with locust_page(tmp_path, *options, "--turns", "1", *extra) as (url, locust):
        figures = figures_when(lambda found: found.get("ended"), url, locust)
        assert figures["turns"]["n"] == 8
        assert figures["calls"]["ended"] == 8
        assert figures["lateness"]["frames"] > 100
        summary = summary_of(tmp_path, locust)
        assert figures["cost"]["total"] == pytest.approx(summary["cost"]["total"], abs=1e-6)
        assert figures["validity"]["state"] == summary["validity"]["state"]
        if not figures["rows"][0]["metrics"]["voice_to_voice"]["n"]:
            raise MachineTooBusy
        for name, metric in figures["rows"][0]["metrics"].items():
            median, reported = metric["percentiles"][0], summary["metrics"][name]["p50"]
            assert median["ms"] == pytest.approx(reported["value"], abs=5e-4)
            assert median["low"] == pytest.approx(reported["low"], abs=5e-4)
        with urlopen(f"{url}/stats/requests", timeout=20) as answer:
            assert json.load(answer)["extended_stats"][0]["key"] == "voice"


@needs_browser
def test_locusts_form_has_our_options_and_our_page_says_why_a_run_cannot_begin(
    simulator: str, tmp_path: Path
) -> None:
    with locust_page(tmp_path / "reports") as (url, locust):
        assert figures_when(lambda found: True, url, locust) == {"refused": ""}
        shown, _ = browse(f"{url}/", tmp_path / "profile")
        assert "Network (network profiles, separated by commas" in shown
        assert "key_variable" not in shown
        asked = {"user_count": 1, "spawn_rate": 1, "host": simulator, "network": "nosuch"}
        with urlopen(f"{url}/swarm", urlencode(asked).encode(), timeout=20) as answer:
            assert json.load(answer)["success"]
        refused = figures_when(lambda found: found["refused"], url, locust)["refused"]
        assert "nosuch" in refused


def summary_of(reports: Path, locust: subprocess.Popen[str]) -> Any:
    """Return the summary of the only run, which is made after its end."""
    give_up_s = time.monotonic() + 60
    while not (found := list(reports.glob("*/summary.json"))):
        assert locust.poll() is None, "Locust ended"
        assert time.monotonic() < give_up_s, "no summary was made"
        time.sleep(0.1)
    return json.loads(found[0].read_text())


def figures_when(holds: Callable[[Any], object], url: str, locust: subprocess.Popen[str]) -> Any:
    """Return what the page is sent once something holds of it."""
    give_up_s = time.monotonic() + 90
    while time.monotonic() < give_up_s:
        assert locust.poll() is None, "Locust ended"
        with suppress(OSError), urlopen(f"{url}/voice/figures.json", timeout=20) as answer:
            figures = json.load(answer)
            if holds(figures):
                return figures
        time.sleep(0.2)
    pytest.fail("it did not happen")
