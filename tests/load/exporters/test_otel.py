"""Spans and metrics: in memory, and as a collector and an agent get them from a whole run."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.clock import now_ns, wall_time
from harness.errors import Fault, Party, Phase
from harness.model import NS_PER_S, CallPlan, Check, TurnStatus
from harness.plan.schedule import without_words
from harness.recording import Batch
from tests.analysis.conftest import MS, build_session, build_turn
from tests.load.conftest import KEY, check_held, free_port, lines_of, locust_words, run_locust

pytest.importorskip("opentelemetry.sdk", reason="the extra harness[otel] is not installed")

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
    InMemorySpanExporter,
)
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from harness.load.exporters.observations import BUCKETS_S
from harness.load.exporters.otel import CallTracer, MeteredRecords

PLAN = CallPlan(
    number=3, network="lte_poor", utterance_ids=("a", "b"), think_ms=(0.0, 0.0), user_class="Hasty"
)


CHECKS = (Check(what="x", passed=True), Check(what="y", passed=False))


class Traced:
    """A tracer whose spans stay in memory, of a run that began 100 s ago."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.origin_ns = now_ns() - 100 * NS_PER_S
        self.began_wall_ns = round(wall_time().timestamp() * NS_PER_S) - 100 * NS_PER_S
        self.tracer = CallTracer(self.origin_ns, provider)

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans.get_finished_spans() if span.name == name]


def test_a_call_is_a_span_whose_identity_goes_out_with_the_upgrade() -> None:
    traced = Traced()
    headers = dict(traced.tracer.begin("s0", PLAN))
    traced.tracer.take([build_turn(640.0, session="s0")], None)
    assert traced.named("call") == []
    traced.tracer.take([], build_session("s0", closed_ns=30 * NS_PER_S, provider_session_id="x1"))
    (call,), (turn,) = traced.named("call"), traced.named("turn")
    identity = f"00-{call.context.trace_id:032x}-{call.context.span_id:016x}-"
    assert headers["traceparent"].startswith(identity)
    assert int(headers["traceparent"][-2:], 16) & 1, "it is sampled"
    assert (turn.context.trace_id, turn.parent.span_id) == (
        call.context.trace_id,
        call.context.span_id,
    )
    assert call.attributes["harness.network"] == "lte_poor"
    assert call.attributes["harness.user_class"] == "Hasty"
    assert call.attributes["harness.provider_session"] == "x1"
    assert call.status.is_ok or call.status.is_unset
    assert turn.attributes["harness.voice_to_voice_ms"] == 640.0


def test_only_a_call_whose_turns_are_planned_says_how_many() -> None:
    traced = Traced()
    for name, plan in (("s0", PLAN), ("s1", without_words(PLAN))):
        traced.tracer.begin(name, plan)
    traced.tracer.close()
    told = {
        call.attributes["harness.session"]: call.attributes.get("harness.turns_planned")
        for call in traced.named("call")
    }
    assert told == {"s0": 2, "s1": None}


def test_spans_stand_at_the_wall_time_of_what_was_recorded() -> None:
    traced = Traced()
    traced.tracer.begin("s0", PLAN)
    traced.tracer.take([build_turn(640.0, session="s0")], build_session("s0"))
    (turn,), (call,) = traced.named("turn"), traced.named("call")
    slack_ns = NS_PER_S // 2
    assert abs(turn.start_time - (traced.began_wall_ns + 8 * NS_PER_S)) < slack_ns
    events = {event.name: event.timestamp for event in turn.events}
    assert events["first audible"] - events["speech end"] == 640 * MS
    assert turn.end_time == events["first audible"]
    assert abs(call.end_time - (traced.began_wall_ns + 60_100 * MS)) < slack_ns


def test_a_failure_is_told_by_party_and_phase_and_never_in_the_servers_words() -> None:
    traced = Traced()
    secret = "what-the-server-says-0123"
    fault = Fault(Party.THEIRS, Phase.RESPONSE, secret, secret)
    traced.tracer.begin("s0", PLAN)
    failed = build_turn(None, session="s0", status=TurnStatus.FAILED, fault=fault)
    traced.tracer.take([failed], build_session("s0", fault=fault))
    for name in ("call", "turn"):
        (span,) = traced.named(name)
        assert not span.status.is_ok
        assert span.status.description == "theirs, response"
        assert secret not in span.to_json()


def test_a_timeout_says_that_its_latency_is_a_floor() -> None:
    traced = Traced()
    traced.tracer.begin("s0", PLAN)
    turn = build_turn(None, session="s0", status=TurnStatus.TIMEOUT, limit_ms=3_000.0)
    traced.tracer.take([turn], build_session("s0"))
    attributes = traced.named("turn")[0].attributes
    assert attributes["harness.voice_to_voice_ms"] == 3_000.0
    assert attributes["harness.voice_to_voice_censored"] is True


def test_calls_whose_record_never_came_end_with_the_run() -> None:
    traced = Traced()
    traced.tracer.begin("s0", PLAN)
    traced.tracer.take([build_turn(session="unknown")], build_session("unknown"))
    assert traced.named("turn") == []
    traced.tracer.close()
    assert not traced.named("call")[0].status.is_ok


def test_records_are_counted_under_bounded_attributes() -> None:
    reader = InMemoryMetricReader()
    metered = MeteredRecords(lambda: 4, MeterProvider([reader], shutdown_on_exit=False))
    fault = Fault(Party.NETWORK, Phase.CONNECT, "no_way", "words")
    turns = [build_turn(ms, network="lte_poor", user_class="Hasty") for ms in (120.0, 640.0)]
    turns.append(build_turn(None, status=TurnStatus.FAILED, fault=fault))
    metered.take(Batch(turns=turns, sessions=[build_session(fault=fault, checks=CHECKS)]))
    data: Any = reader.get_metrics_data()
    found = {
        metric.name: metric.data.data_points
        for scope in data.resource_metrics[0].scope_metrics
        for metric in scope.metrics
    }
    (heard,) = found["harness.voice_to_voice"]
    assert (heard.count, heard.sum) == (2, pytest.approx(0.76))
    assert heard.explicit_bounds == BUCKETS_S
    assert heard.attributes == {"harness.network": "lte_poor", "harness.user_class": "Hasty"}
    assert sum(point.value for point in found["harness.turns"]) == 3
    (failed,) = found["harness.turns.failed"]
    assert failed.attributes["harness.party"] == "network"
    assert found["harness.sessions"][0].attributes["harness.party"] == "network"
    assert found["harness.calls.open"][0].value == 4
    outcomes = {p.attributes["harness.outcome"]: p.value for p in found["harness.checks"]}
    assert outcomes == {"passed": 1, "failed": 1}
    assert "no_way" not in data.to_json()


class Collector(BaseHTTPRequestHandler):
    """Takes what is exported, as an OTLP collector does."""

    taken: dict[str, list[bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.setdefault(self.path, []).append(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    taken: dict[str, list[bytes]] = {}
    handler = type("Handler", (Collector,), {"taken": taken})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", taken
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def agent(simulator: str) -> Iterator[tuple[str, list[str | None]]]:
    """An agent that notes which trace each of its sessions is told to be in."""
    told: list[str | None] = []

    def relay(session: ServerConnection) -> None:
        request = session.request
        assert request is not None
        told.append(request.headers.get("traceparent"))
        with connect(f"{simulator}{request.path}", compression=None) as behind:
            back = threading.Thread(target=pump, args=(behind, session))
            back.start()
            pump(session, behind)
            back.join(10)

    server = serve(relay, "127.0.0.1", 0, compression=None)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}", told
    server.shutdown()
    thread.join(10)


def pump(source: Any, sink: Any) -> None:
    """Pass messages on until either side has gone."""
    try:
        for message in source:
            sink.send(message)
    except Exception:
        pass
    finally:
        sink.close()


def test_a_whole_run_reaches_the_collector_and_the_agent_is_told_its_trace(
    agent: tuple[str, list[str | None]],
    collector: tuple[str, dict[str, list[bytes]]],
    tmp_path: Path,
) -> None:
    pytest.importorskip("opentelemetry.proto")
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    (host, told), (endpoint, taken) = agent, collector
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=collectors-own-key-1",
        "HARNESS_API_KEY": KEY,
    }
    port = str(free_port())
    # One worker is forked with OpenTelemetry; the other learns of `--otel` from the master.
    workers = [
        subprocess.Popen(
            locust_words("--worker", "--master-port", port, *words, reports=tmp_path),
            env=os.environ | variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for words in (("--processes", "1", "--otel"), ())
    ]
    try:
        done = run_locust(
            *("--otel", "-u", "4", "-r", "10", "--calls", "4", "--turns", "1", "--host", host),
            *("--master", "--expect-workers", "2", "--master-bind-port", port),
            reports=tmp_path,
            scenario=None,
            **variables,
        )
        for worker in workers:
            worker.wait(20)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    run = check_held(done, tmp_path)
    spans = [
        span
        for body in taken["/v1/traces"]
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    calls = {span.span_id: span for span in spans if span.name == "call"}
    turns = [span for span in spans if span.name == "turn"]
    assert len(calls) == len(lines_of(run / "sessions.jsonl")) == 4
    assert len(turns) == 4
    assert all(turn.trace_id == calls[turn.parent_span_id].trace_id for turn in turns)
    # The session that is opened before the run belongs to no call.
    identities = sorted(f"00-{c.trace_id.hex()}-{c.span_id.hex()}" for c in calls.values())
    assert sorted(header[:-3] for header in told if header) == identities
    metrics = {
        metric.name: metric
        for body in taken["/v1/metrics"]
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert sum(point.as_int for point in metrics["harness.turns"].sum.data_points) == 4
    exported = b"".join(body for bodies in taken.values() for body in bodies)
    assert KEY.encode() not in exported
    assert urlsplit(host).netloc.encode() not in exported
