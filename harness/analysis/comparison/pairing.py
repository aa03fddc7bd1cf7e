"""Which candidate run belongs with which baseline run."""

from collections.abc import Sequence

from harness.errors import BadInput
from harness.model import Run


def pair_up(
    candidate: Sequence[Run], baseline: Sequence[Run], *, wanted: bool | None
) -> tuple[Sequence[Run], bool]:
    """Return the baseline in the order of the candidate's runs, and whether they are pairs.

    Runs are pairs where each schedule occurs once on either side: `harness ab` gives every pair a
    seed of its own. Runs that all share one schedule are not; they may be days apart.

    Args:
        candidate: The runs to judge.
        baseline: The runs they are held against.
        wanted: Pairs in the order given; `False` for none; `None` to look at the schedules.

    Raises:
        BadInput: Pairs are wanted and the numbers differ.
    """
    if wanted is True:
        if len(candidate) != len(baseline):
            raise BadInput(
                f"{len(candidate)} runs cannot be paired with {len(baseline)}",
                where="--paired",
                hint="Give as many baseline runs, in the same order",
            )
        return baseline, len(candidate) > 1
    if wanted is False or len(candidate) < 2:
        return baseline, False
    of_hash = {run.manifest.schedule_hash: run for run in baseline}
    hashes = [run.manifest.schedule_hash for run in candidate]
    once = len(of_hash) == len(baseline) == len(candidate) and len(set(hashes)) == len(hashes)
    if once and set(hashes) == set(of_hash):
        return [of_hash[key] for key in hashes], True
    return baseline, False
