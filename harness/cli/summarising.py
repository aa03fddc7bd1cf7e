"""From a run's folder to its summary, the same way for every command."""

import gc
from pathlib import Path

from harness.analysis import PriceList, held_to_limit, summarise
from harness.load.price_list import bundled_prices
from harness.model import Run, Summary
from harness.recording import read_run, read_stages, read_truth


def recorded(path: Path) -> Run:
    """Read a run; turns whose latency may be wrong by more than the limit are void in it.

    They are so also where the version that wrote them held them to another limit.

    Raises:
        BadInput: It is not a run's folder, or a file in it is not as it was written.
    """
    run = held_to_limit(read_run(path))
    # Records refer to nothing that refers to them: collections would walk over them for nothing,
    # which took a fifth of the time of a report of 50,000 turns.
    gc.freeze()
    return run


def summarise_directory(path: Path, prices: PriceList | None = None) -> tuple[Run, Summary]:
    """Read a run and summarise it anew from its records.

    Args:
        path: The run's folder.
        prices: The price list; `None` for the package's own.

    Returns:
        The records and the summary.

    Raises:
        BadInput: It is not a run's folder, or a file in it is not as it was written.
    """
    run = recorded(path)
    return run, summarise(run, prices or bundled_prices(), read_truth(path), read_stages(path))
