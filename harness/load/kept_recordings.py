"""The recordings of a run, of all its processes together: which of them stay, and within what room.

Each process sends what is among the worst of its own turns; the worst of all are among these.
"""

from collections import Counter
from pathlib import Path

from harness.analysis.worst_turns import WorstTurns
from harness.errors import BadInput
from harness.load.record_wish import RecordWish
from harness.load.recorder import LeftOut
from harness.model import Recording
from harness.recording import AudioFolder, Batch


class KeptRecordings:
    """Recordings of one run.

    Args:
        run: The run's folder.
        wish: What was asked for.
    """

    def __init__(self, run: Path, wish: RecordWish) -> None:
        self._folder = AudioFolder(run, wish.most_mb * 1_000_000)
        self._worst = None if wish.worst is None else WorstTurns(wish.worst)
        self._left_out: Counter[str] = Counter()
        self._is_broken = False

    def take(self, batch: Batch) -> None:
        """Write what a process recorded, as far as it belongs to the worst and there is room."""
        self._left_out.update(batch.left_out)
        for recording, data in batch.recordings:
            if self._is_broken:
                self._left_out[LeftOut.UNWRITTEN] += 1
                continue
            try:
                self._keep(recording, data)
            except BadInput:
                # Its records matter more than its sound: the run goes on without.
                self._is_broken = True
                self._left_out[LeftOut.UNWRITTEN] += 1

    def _keep(self, recording: Recording, data: bytes) -> None:
        if self._worst is not None:
            loser = self._worst.offer(recording.why, recording.rank, recording.file)
            if loser == recording.file:
                return
            if loser is not None:
                self._folder.remove(loser)
        if not self._folder.keep(recording, data):
            self._left_out[LeftOut.DISK] += 1

    @property
    def in_words(self) -> str:
        """How many there are, and what was left out for which reason."""
        size_mb = self._folder.bytes_kept / 1e6
        words = f"{len(self._folder)} turns recorded, {size_mb:.1f} MB"
        missing = {reason: count for reason, count in self._left_out.items() if count}
        if missing:
            why = ", ".join(f"{reason} ({count})" for reason, count in sorted(missing.items()))
            words += f"; {sum(missing.values())} not kept: {why}"
        return words
