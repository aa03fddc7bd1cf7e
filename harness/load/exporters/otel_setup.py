"""OpenTelemetry in a process that Locust sets it up for, and in one that learns of it later.

Locust does it between parsing and running, where its command line says `--otel`. A worker that
was started by itself has no such word: its master sends it the options when a run begins.
"""

import argparse
import os
import threading
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from types import ModuleType

from harness.environment import default_setting, setting
from harness.load.exporters.extra import import_extra
from harness.load.redacted_output import redact_exported_logs

OPTION, _EXTRA, _DOOR = "--otel", "otel", "harness.load.exporters.otel"
_GRPC = "opentelemetry.exporter.otlp.proto.grpc"


def import_otel() -> ModuleType:
    """Return our module of OpenTelemetry.

    Raises:
        BadInput: The extra is not installed.
    """
    return import_extra(_DOOR, _EXTRA, OPTION)


def prepare_otel(words: Sequence[str]) -> None:
    """Refuse `--otel` without its libraries, and choose what the user left open.

    Args:
        words: The command line.

    Raises:
        BadInput: The extra is not installed.
    """
    if OPTION not in words and setting("LOCUST_ENABLE_OPENTELEMETRY") is None:
        return
    _choose()
    _let_inherited_threads_end()


def join_otel(parsed: argparse.Namespace) -> None:
    """Set OpenTelemetry up in a worker whose master was given `--otel`, and it was not.

    Where spans go is said by the `OTEL_*` variables of this process.

    Args:
        parsed: The options of this process, and those that the master sent.

    Raises:
        BadInput: The extra is not installed here.
    """
    if not parsed.otel_asked or parsed.otel:
        return
    _choose()
    from locust.opentelemetry import setup_opentelemetry

    parsed.otel = setup_opentelemetry(parsed.locustfile, parsed.profile)
    redact_exported_logs()


def _choose() -> None:
    """Choose what the user left open.

    Raises:
        BadInput: The extra is not installed.
    """
    import_otel()
    if find_spec(_GRPC) is None:
        # OpenTelemetry's own default, and what the extra brings; Locust's would be gRPC.
        default_setting("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    default_setting("OTEL_SERVICE_NAME", "harness")
    # Seconds, retries included: a collector that does not answer must not hold up a run's end.
    default_setting("OTEL_EXPORTER_OTLP_TIMEOUT", "3")
    # Locust's log is no measurement, and may quote a server.
    default_setting("OTEL_LOGS_EXPORTER", "none")


@cache
def _let_inherited_threads_end() -> None:
    """Keep the exporters' threads of before a fork from ending with a traceback in the child.

    gevent's threads are greenlets and go on in a forked worker, beside those that OpenTelemetry
    starts there anew, and Python's list of threads does not know them any more.
    """
    exporters: list[threading.Thread] = []

    def before() -> None:
        exporters[:] = [t for t in threading.enumerate() if t.name.startswith("Otel")]

    def in_child() -> None:
        for thread in exporters:
            thread._delete = _nothing  # type: ignore[attr-defined] # noqa: SLF001

    os.register_at_fork(before=before, after_in_child=in_child)


def _nothing() -> None:
    """Do nothing where a thread would remove itself from a list that lacks it."""
