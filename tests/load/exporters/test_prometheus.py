"""What Prometheus gets when it asks: the text of a real answer, read by its own parser."""

import re
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from harness.errors import BadInput, Fault, Party, Phase
from harness.load.monitoring.figures import LiveFigures
from harness.load.price_list import bundled_prices
from harness.model import Check, TurnStatus
from harness.recording import Batch, Histogram
from tests.analysis.conftest import MS, build_run, build_session, build_turn
from tests.load.conftest import locust_words

pytest.importorskip("prometheus_client", reason="the extra harness[prometheus] is not installed")

from prometheus_client.parser import text_string_to_metric_families

from harness.load.exporters.prometheus import PrometheusExporter

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scrape(port: int) -> Series:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(series: Series, name: str, **labels: str) -> float | None:
    return series.get((name, frozenset(labels.items())))


@pytest.fixture
def exporter() -> tuple[PrometheusExporter, int]:
    port = free_port()
    return PrometheusExporter(("127.0.0.1", port)), port


def test_latencies_turns_and_failures_are_counted_by_network_and_class(
    exporter: tuple[PrometheusExporter, int],
) -> None:
    made, port = exporter
    late = Fault(Party.THEIRS, Phase.RESPONSE, "overloaded")
    of = {"network": "lte_poor", "user_class": "Hasty"}
    turns = [build_turn(ms, **of) for ms in (120.0, 630.0, 640.0)]  # type: ignore[arg-type]
    turns += [build_turn(None, status=TurnStatus.FAILED, fault=late, **of)]  # type: ignore[arg-type]
    checks = (Check(what="x", passed=True), Check(what="y", passed=False))
    sessions = [
        build_session(checks=checks, **of),
        build_session("s1", fault=late, ready_ns=None, **of),
    ]
    made.take(Batch(turns=turns[:2]))
    made.take(Batch(turns=turns[2:], sessions=sessions))
    series = scrape(port)
    name = "harness_voice_to_voice_seconds"
    assert value(series, f"{name}_bucket", le="0.15", **of) == 1
    assert value(series, f"{name}_bucket", le="0.6", **of) == 1
    assert value(series, f"{name}_bucket", le="0.7", **of) == 3
    assert value(series, f"{name}_sum", **of) == pytest.approx(1.39)
    assert value(series, "harness_time_to_first_audio_seconds_count", **of) == 3
    assert value(series, "harness_turns_total", status="completed", **of) == 3
    assert value(series, "harness_turns_total", status="failed", **of) == 1
    assert value(series, "harness_turns_failed_total", party="theirs", **of) == 1
    assert value(series, "harness_sessions_total", **of) == 2
    assert value(series, "harness_sessions_failed_total", party="theirs", **of) == 1
    assert value(series, "harness_session_setup_seconds_count", **of) == 1
    assert value(series, "harness_checks_total", outcome="passed", **of) == 1
    assert value(series, "harness_checks_total", outcome="failed", **of) == 1


def test_a_turn_that_was_waited_for_in_vain_is_beyond_every_bucket(
    exporter: tuple[PrometheusExporter, int],
) -> None:
    made, port = exporter
    made.take(Batch(turns=[build_turn(None, status=TurnStatus.TIMEOUT), build_turn(-40.0)]))
    of = {"network": "ideal", "user_class": ""}
    series = scrape(port)
    name = "harness_voice_to_voice_seconds"
    assert value(series, f"{name}_bucket", le="0.05", **of) == 1
    assert value(series, f"{name}_bucket", le="15.0", **of) == 1
    assert value(series, f"{name}_bucket", le="+Inf", **of) == 2
    assert (value(series, f"{name}_sum", **of) or 0) >= 15.0


def test_labels_are_bounded_and_hold_nothing_that_a_server_says(
    exporter: tuple[PrometheusExporter, int],
) -> None:
    made, port = exporter
    for number in range(300):
        fault = Fault(Party.THEIRS, Phase.RESPONSE, f"code-{number}", f"words {number}")
        made.take(
            Batch(
                turns=[
                    build_turn(None, status=TurnStatus.FAILED, fault=fault, network=f"n{number}")
                ]
            )
        )
    series = scrape(port)
    names = {name for name, _ in series}
    labels = {label for _, found in series for label, _ in found}
    assert labels <= {"network", "user_class", "status", "party", "le", "quantile", "state"}
    networks = {word for _, found in series for label, word in found if label == "network"}
    assert len(networks) == 65
    assert value(
        series, "harness_turns_total", network="other", user_class="other", status="failed"
    ) == pytest.approx(236)
    assert all(re.fullmatch(r"harness_[a-z_]+", name) for name in names)
    assert "code" not in str(series)


def test_the_state_of_the_run_is_as_the_live_page_has_it(
    exporter: tuple[PrometheusExporter, int],
) -> None:
    made, port = exporter
    assert value(scrape(port), "harness_open_calls") is None
    figures = LiveFigures(build_run([build_turn()]).manifest, bundled_prices(), lambda: 7)
    made.follow(figures)
    lateness = Histogram()
    lateness.record_many([2 * MS] * 50)
    batch = Batch(turns=[build_turn()], histograms={"send_lateness": lateness})
    figures.take(batch)
    series = scrape(port)
    assert value(series, "harness_open_calls") == 7
    assert value(series, "harness_frame_lateness_seconds", quantile="1") == pytest.approx(0.002)
    assessed = figures.validity()
    assert assessed is not None
    state = assessed.state.value
    assert value(series, "harness_validity", state=state) == 1
    assert sum(found for (name, _), found in series.items() if name == "harness_validity") == 1
    assert value(series, "harness_cost", currency="USD", basis="estimate") == figures.spent().total


def test_a_port_that_is_taken_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match="cannot listen there"):
            PrometheusExporter(("127.0.0.1", port))


def test_a_run_over_two_processes_is_scraped_at_one_port(simulator: str, tmp_path: Path) -> None:
    port, told = free_port(), {}
    words = locust_words(
        *("--host", simulator, "-u", "4", "-r", "10", "--turns", "2", "-t", "60s"),
        *("--processes", "2", "--prometheus", f"127.0.0.1:{port}"),
        reports=tmp_path,
    )
    locust = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        of: Any = {"network": "none", "user_class": "Conversation"}
        give_up_s = time.monotonic() + 60
        heard = 0.0
        while heard < 4 and time.monotonic() < give_up_s:
            assert locust.poll() is None
            time.sleep(0.2)
            try:
                told = scrape(port)
            except OSError:
                continue
            heard = value(told, "harness_time_to_first_audio_seconds_count", **of) or 0.0
        assert heard >= 4
        assert value(told, "harness_open_calls") in range(5)
    finally:
        locust.send_signal(signal.SIGINT)
        _, errors = locust.communicate(timeout=60)
    assert "Traceback" not in errors, errors
