"""`python -m harness` and the `harness` script."""

import sys

from harness.cli.app import run
from harness.environment import without_idle_threads
from harness.errors import RedactedStream


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # Libraries and the event loop log exceptions of their own accord.
    sys.stdout, sys.stderr = RedactedStream(sys.stdout), RedactedStream(sys.stderr)
    without_idle_threads()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
