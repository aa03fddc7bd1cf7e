"""Standard output that says when it is lost: a full disk behind it, or a reader that has gone.

What a command had to say is then not whole, which is neither our bug nor an objective that failed.
"""

import os
from io import UnsupportedOperation
from typing import TextIO

from harness.errors import ExitCode, HarnessError


class OutputLost(HarnessError):
    """What this process writes reaches nobody any more."""

    exit_code = ExitCode.INVALID


class StandardOutput:
    """One of the two standard streams.

    Args:
        stream: Where the text goes.
        quiet: Go on without a word when it is lost, as nobody is left to be told.
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream, self._quiet = stream, quiet

    def write(self, text: str) -> int:
        """Write `text`.

        Raises:
            OutputLost: It cannot be written.
        """
        if text == "":
            # Libraries write nothing to find out what kind of stream this is, and ignore errors.
            return 0
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lose(error)
            return len(text)

    def flush(self) -> None:
        """Write what is kept back.

        Raises:
            OutputLost: It cannot be written.
        """
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def __getattr__(self, name: str) -> object:
        """Everything else is the stream's own."""
        return getattr(self._stream, name)

    def _lose(self, error: OSError) -> None:
        """Let what is still kept go nowhere, so that the end of the process does not fail too."""
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        except UnsupportedOperation:
            pass
        if not self._quiet:
            words = f"cannot be written to: {error.strerror}"
            raise OutputLost(words, where="standard output") from error
