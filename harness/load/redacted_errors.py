"""What a Locust process says of errors: our own in one line, and none with a secret in it."""

import sys
from types import TracebackType

from harness.environment import conceal_secrets
from harness.errors import HarnessError, RedactedStream


def redact_errors() -> None:
    """Keep secrets out of stderr: Locust and gevent log exceptions of their own accord."""
    conceal_secrets()
    if not isinstance(sys.stderr, RedactedStream):
        sys.stderr = RedactedStream(sys.stderr)
    sys.excepthook = _in_one_line


def _in_one_line(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Say what is wrong with a scenario that plain `locust -f` is loading, without a traceback."""
    if isinstance(error, HarnessError):
        print(f"harness: {error}", file=sys.stderr)
        raise SystemExit(int(error.exit_code))
    sys.__excepthook__(kind, error, trace)
