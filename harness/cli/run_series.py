"""Several runs one after the other, each a `harness run` of its own, for `ab` and `aa`."""

import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from harness.environment import ending_signals
from harness.errors import BadInput, ExitCode, RunInvalid

_WAIT_STEP_S = 1.0
_MANIFEST = "manifest.json"
# What the series itself says to every run.
_OWN = ("--seed", "--reports")


@dataclass(frozen=True, slots=True)
class RunSeries:
    """Runs of one scenario in one folder.

    Attributes:
        directory: Where the runs and what they print are kept.
        scenario: What `harness run` is given.
        common: Options of every run.
        retries: How often a run that was INVALID is made again.
    """

    directory: Path
    scenario: str
    common: tuple[str, ...]
    retries: int = 1

    def run(self, label: str, seed: int, options: Sequence[str] = ()) -> Path:
        """Make one run and return its folder.

        Args:
            label: What to call it meanwhile.
            seed: Of everything that is drawn.
            options: Of this run.

        Raises:
            BadInput: `harness run` refused.
            RunInvalid: It was INVALID every time, or was killed.
            click.Abort: It was interrupted.
        """
        for attempt in range(self.retries + 1):
            again = "" if attempt == 0 else f", again ({attempt} of {self.retries})"
            click.echo(f"{label}, seed {seed}{again}", err=True)
            code, made = self.attempt(label, seed, options)
            if code == ExitCode.PASS and made is not None:
                return made
            if code == ExitCode.BAD_INPUT:
                raise BadInput(
                    "harness run refused it", where=label, hint="What it said stands above"
                )
            if code != ExitCode.INVALID:
                break
        raise RunInvalid(
            f"harness run ended with {code}",
            where=label,
            hint=f"What it printed is in {self.directory}; all runs before it stay there as well",
        )

    def attempt(
        self, label: str, seed: int, options: Sequence[str] = ()
    ) -> tuple[int, Path | None]:
        """Make one run, once, and return its exit code and its folder, if it left one.

        Args:
            label: What to call it meanwhile.
            seed: Of everything that is drawn.
            options: Of this run.

        Raises:
            click.Abort: It was interrupted.
        """
        before = set(self._runs())
        code = self._ended(label, seed, options)
        made = [path for path in self._runs() if path not in before]
        return code, made[0] if len(made) == 1 else None

    def words(self, seed: int, options: Sequence[str], reports: Path) -> list[str]:
        """Return the command line of one run."""
        words = [sys.executable, "-m", "harness", "run", self.scenario, *self.common, *options]
        return [*words, "--seed", str(seed), "--reports", str(reports)]

    def _runs(self) -> list[Path]:
        return sorted(path.parent for path in self.directory.glob(f"*/{_MANIFEST}"))

    def _ended(self, label: str, seed: int, options: Sequence[str]) -> int:
        """Start one run, pass signals on to it, and return its exit code."""
        words = self.words(seed, options, self.directory)
        log = self.directory / f"{label.replace(' ', '-')}.log"
        interrupted: list[int] = []
        with log.open("ab") as printed:
            # It needs the key, and so gets our own environment. A session of its own: Ctrl-C
            # reaches this process only, which passes it on once.
            process = subprocess.Popen(words, stdout=printed, start_new_session=True)

            def pass_on(number: int, frame: FrameType | None) -> None:
                interrupted.append(number)
                process.send_signal(signal.SIGINT)

            handlers = {number: signal.signal(number, pass_on) for number in ending_signals()}
            try:
                code = _exit_code(process)
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
        if interrupted:
            raise click.Abort
        return code


def _exit_code(process: "subprocess.Popen[bytes]") -> int:
    """Wait in short steps: a signal just before a blocking wait would not interrupt it."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_WAIT_STEP_S)


def words_of(text: str, option: str) -> tuple[str, ...]:
    """Return the words of options that were given as one text.

    Args:
        text: As a shell would read it.
        option: What it was given to.

    Raises:
        BadInput: It is not closed, or says what the series itself says.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise BadInput(
            f"cannot be read: {error}", where=option, hint="Close what is quoted"
        ) from error
    refuse_own(words, option)
    return words


def refuse_own(words: Sequence[str], where: str) -> None:
    """Refuse options of runs that the series itself gives to each.

    Raises:
        BadInput: One of them is there.
    """
    for word in words:
        if word.partition("=")[0] in _OWN:
            raise BadInput(
                f"has {word}, which every run is given",
                where=where,
                hint="Give it to the command itself",
            )
