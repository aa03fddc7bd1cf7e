"""`python -m harness` and the `harness` script."""

import sys
from typing import TextIO, cast

from harness.cli.app import run
from harness.cli.standard_output import OutputLost, StandardOutput
from harness.environment import without_idle_threads
from harness.errors import RedactedStream


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # Libraries and the event loop log exceptions of their own accord.
    output = StandardOutput(sys.stdout)
    sys.stdout = RedactedStream(cast("TextIO", output))
    sys.stderr = RedactedStream(cast("TextIO", StandardOutput(sys.stderr, quiet=True)))
    without_idle_threads()
    code = run(sys.argv[1:])
    try:
        output.flush()
    except OutputLost as error:
        print(f"harness: {error}", file=sys.stderr)
        code = code or error.exit_code
    sys.exit(code)


if __name__ == "__main__":
    main()
