"""Receivers of a run's records besides its files: the live page, and the exporters asked for.

They run in the process that writes the run, so they receive everything of a run spread over workers
and do not disturb the audio.
"""

import sys
from collections.abc import Callable
from typing import Any

import gevent

from harness.errors import HarnessError, sanitised
from harness.load.exporters.extra import import_extra
from harness.load.exporters.otel_setup import import_otel
from harness.load.live_line import LiveLine
from harness.load.monitoring.figures import LiveFigures
from harness.load.options import Options
from harness.load.price_list import bundled_prices
from harness.load.run_writer import RunWriter
from harness.load.workload import Workload

_PROMETHEUS = "harness.load.exporters.prometheus"
# Limit for what is sent when a run has ended, to a receiver that may not answer.
_SEND_LIMIT_S = 5.0


class Observers:
    """Those of one Locust process, over as many runs as its page starts.

    Args:
        web_ui: Locust's page, `None` where there is none.
        open_calls: Returns how many calls are open now.
    """

    def __init__(self, web_ui: Any, open_calls: Callable[[], int]) -> None:
        self._open_calls = open_calls
        self._page = None
        # Their libraries may not be installed.
        self._prometheus: Any = None
        self._metered: Any = None
        self._tracer: Any = None
        self._figures: LiveFigures | None = None
        if web_ui is not None:
            # Flask is installed where Locust's page is.
            from harness.load.monitoring.page import VoicePage

            self._page = VoicePage(web_ui)

    def prepare(self, options: Options) -> None:
        """Make what was asked for ready, before anything of the run is begun.

        Raises:
            BadInput: An extra is not installed, or a port is taken.
        """
        if options.prometheus is not None and self._prometheus is None:
            door = import_extra(_PROMETHEUS, "prometheus", "--prometheus")
            self._prometheus = door.PrometheusExporter(options.prometheus)
        if options.otel and self._metered is None:
            self._metered = import_otel().MeteredRecords(self._open_calls)

    def follow(self, options: Options, workload: Workload, origin_ns: int) -> None:
        """Subscribe tracing to the calls that this process holds.

        Args:
            options: What was asked for.
            workload: The calls, of which none has begun.
            origin_ns: Run start on this process's monotonic clock.
        """
        if options.otel:
            self._tracer = import_otel().CallTracer(origin_ns)
            workload.trace(self._tracer.begin)
            workload.listen(_harmless(self._tracer.take, "spans of OpenTelemetry"))

    def refuse(self, error: Exception) -> None:
        """Say on the page why a run that was asked for there cannot begin."""
        if self._page is not None:
            ours = isinstance(error, HarnessError)
            self._page.refuse(str(error) if ours else "preparing it failed; this is our bug")

    def begin(self, writer: RunWriter) -> None:
        """Subscribe every receiver to a run that is about to begin."""
        if self._metered is not None:
            writer.listen(_harmless(self._metered.take, "OpenTelemetry's metrics"))
        if self._page is None and self._prometheus is None:
            return
        figures = LiveFigures(
            writer.manifest, bundled_prices(), self._open_calls, pause=lambda: gevent.sleep(0)
        )
        self._figures = figures
        writer.listen(_harmless(figures.take, "figures of the live page"))
        if self._page is not None:
            self._page.show(figures)
        if self._prometheus is not None:
            self._prometheus.follow(figures)
            writer.listen(_harmless(self._prometheus.take, "metrics for Prometheus"))

    def show_line(self, writer: RunWriter, run_s: float | None) -> None:
        """Show how far the run is, a line every few seconds.

        Args:
            writer: The run, of which nothing has been recorded.
            run_s: How long it takes, `None` where its calls decide.
        """
        writer.listen(_harmless(LiveLine(writer.manifest, run_s).take, "the live line"))

    def end(self) -> None:
        """Note that the run has ended."""
        if self._figures is not None:
            self._figures.end()
        tracer, self._tracer = self._tracer, None
        with gevent.Timeout(_SEND_LIMIT_S, False):
            for exporter in (tracer, self._metered):
                if exporter is not None:
                    exporter.close()


def _harmless(take: Callable[..., None], name: str) -> Callable[..., None]:
    """Return a listener that is dropped after an exception, so that it never ends the run."""
    failed = False

    def listener(*records: Any) -> None:
        nonlocal failed
        if failed:
            return
        try:
            take(*records)
        except Exception as error:
            failed = True
            words = f"harness: {name} are no longer updated, the run goes on: {error!r} (our bug)"
            print(sanitised(words), file=sys.stderr, flush=True)

    return listener
