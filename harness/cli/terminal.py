"""What commands show on a terminal: progress on stderr, results on stdout."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

# What stands beside the words of a line: the bar, the count and the time.
_BAR_CHARS = 60


class _Count(DownloadColumn):
    """How much is done: bytes in their sizes, anything else by number."""

    def render(self, task: Task) -> Text:
        """Return one cell."""
        unit = task.fields["unit"]
        if unit == "bytes":
            return super().render(task)
        of = "" if task.total is None else f"/{task.total:.0f}"
        return Text(f"{task.completed:.0f}{of} {unit}", style="progress.download")


class TerminalProgress:
    """Progress as bars on stderr; plain lines where stderr is not a terminal.

    Use as a context manager and hand it to anything that takes a `model.Progress`.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._plain = not self._console.is_terminal
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            _Count(),
            TimeElapsedColumn(),
            console=self._console,
            disable=self._plain,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> "TerminalProgress":
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def step(self, what: str, unit: str = "bytes") -> None:
        """Begin a new line that counts in `unit`."""
        if self._task is not None:
            self._bars.stop_task(self._task)
            self._task = None
        if self._plain or len(what) > self._console.width - _BAR_CHARS:
            # A bar would cut off the end of it, which often is the reason.
            self._console.print(what, highlight=False, markup=False, soft_wrap=True)
        else:
            self._task = self._bars.add_task(what, total=None, unit=unit)

    def advance(self, done: int, total: int | None) -> None:
        """Move the bar of the current line."""
        if self._task is not None:
            self._bars.update(self._task, completed=done, total=total)
