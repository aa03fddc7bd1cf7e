"""Who hears of a run's records besides its files: the live page, and exporters that were asked for.

They hear what the process that writes the run has, so that of a run spread over workers they have
everything, and what they do is done far from the audio.
"""

import sys
from collections.abc import Callable
from typing import Any

from harness.errors import sanitised
from harness.load.monitoring.figures import LiveFigures
from harness.load.price_list import bundled_prices
from harness.load.run_writer import RunWriter
from harness.recording import Batch


class Observers:
    """Those of one Locust process, over as many runs as its page starts.

    Args:
        web_ui: Locust's page, `None` where there is none.
        open_calls: Returns how many calls are open now.
    """

    def __init__(self, web_ui: Any, open_calls: Callable[[], int]) -> None:
        self._open_calls = open_calls
        self._page = None
        self._figures: LiveFigures | None = None
        if web_ui is not None:
            # Flask is there where Locust's page is.
            from harness.load.monitoring.page import VoicePage

            self._page = VoicePage(web_ui)

    def begin(self, writer: RunWriter) -> None:
        """Let everyone hear of a run that is about to begin."""
        if self._page is not None:
            self._figures = LiveFigures(writer.manifest, bundled_prices(), self._open_calls)
            self._page.show(self._figures)
            writer.listen(_harmless(self._figures.take, "the live page"))

    def end(self) -> None:
        """Tell that the run has ended."""
        if self._figures is not None:
            self._figures.end()


def _harmless(take: Callable[[Batch], None], name: str) -> Callable[[Batch], None]:
    """Return a listener that a defect of its own silences, and that never ends the run."""
    failed = False

    def listener(batch: Batch) -> None:
        nonlocal failed
        if failed:
            return
        try:
            take(batch)
        except Exception as error:
            failed = True
            words = f"harness: {name} shows nothing more, the run goes on: {error!r} (our bug)"
            print(sanitised(words), file=sys.stderr, flush=True)

    return listener
