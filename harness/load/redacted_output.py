"""What a Locust process writes besides the run directory: none of it with a secret in it.

That is both standard streams, everything that any logger writes to the console, to the file that
`--logfile` names or to the web page, and the exceptions that Locust itself reports.
Errors of ours are one line.
"""

import copy
import logging
import sys
from types import TracebackType
from typing import Any

from harness.environment import conceal_secrets
from harness.errors import HarnessError, RedactedStream, redacted

_FORMATTER = logging.Formatter()
# The name that Locust gives the handler.
_EXPORTER = "opentelemetry"


def redact_output() -> None:
    """Keep secrets out of streams and logs from now on: libraries log exceptions by themselves."""
    conceal_secrets()
    if not isinstance(sys.stdout, RedactedStream):
        sys.stdout = RedactedStream(sys.stdout)
    if not isinstance(sys.stderr, RedactedStream):
        sys.stderr = RedactedStream(sys.stderr)
    sys.excepthook = _in_one_line
    logging.setLogRecordFactory(RedactedRecord)


class RedactedRecord(logging.LogRecord):
    """A log record whose message, traceback and stack are without the secrets of this process."""

    def __init__(self, *arguments: object, **rest: object) -> None:
        super().__init__(*arguments, **rest)  # type: ignore[arg-type]
        if self.exc_info and self.exc_info[0] is not None:
            # Every formatter uses this cached text.
            self.exc_text = redacted(_FORMATTER.formatException(self.exc_info))
        if self.stack_info:
            self.stack_info = redacted(self.stack_info)

    def getMessage(self) -> str:  # noqa: N802 - the library's name
        """Return the message."""
        return redacted(super().getMessage())


def redact_exported_logs() -> None:
    """Give the log exporter that Locust's `--otel` may have set up records without secrets.

    It would take messages that are no text, and exceptions, from the record as they are.
    """
    for handler in logging.getLogger().handlers:
        if handler.name == _EXPORTER:
            export: Any = handler.emit

            def emit(record: logging.LogRecord, export: Any = export) -> None:
                export(_plain(record))

            handler.emit = emit  # type: ignore[method-assign]


def _plain(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of a record that is its redacted text and nothing else."""
    plain = copy.copy(record)
    plain.msg = redacted(_FORMATTER.format(record))
    plain.args, plain.exc_info, plain.exc_text, plain.stack_info = None, None, None, None
    return plain


def redact_exceptions(runner: Any) -> None:
    """Keep secrets out of the exceptions that Locust shows, writes and reports.

    Args:
        runner: Locust's runner of this process.
    """
    log = runner.log_exception

    def log_redacted(node: str, message: str, trace: str) -> None:
        log(node, redacted(message), redacted(trace))

    runner.log_exception = log_redacted


def _in_one_line(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print what is wrong with a scenario that plain `locust -f` loads, without a traceback."""
    if isinstance(error, HarnessError):
        print(f"harness: {error}", file=sys.stderr)
        raise SystemExit(int(error.exit_code))
    sys.__excepthook__(kind, error, trace)
