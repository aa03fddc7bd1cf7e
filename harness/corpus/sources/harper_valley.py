"""Harper Valley: real dialogues on the telephone with a bank, caller and agent apart, 8 kHz.

git fetches one commit, named by its digest, and checks every byte against it.
"""

import re
import shutil
import subprocess
import threading
from pathlib import Path

from harness.corpus.formats import harper_valley
from harness.corpus.formats.reading import Reading
from harness.corpus.recording import Recording
from harness.corpus.sources.origin_note import Unavailable, write_source
from harness.environment import for_download
from harness.errors import sanitised
from harness.model import Progress

ADDRESS = "https://github.com/cricketclub/gridspace-stanford-harper-valley"
COMMIT = "290e8df30362bebf1060e49c367149ab308d5a1f"
LICENCE = harper_valley.LICENCE
_LIMIT_S = 3600.0
_PERCENT = re.compile(r"(\d{1,3})% \(")
# The most talkative callers; enough turns for a population, few enough to mark within a minute.
_TURNS = 600
_SHORTEST_S, _LONGEST_S = 1.0, 15.0


def fill(folder: Path, progress: Progress) -> None:
    """Put transcripts and audio into `folder`.

    Raises:
        Unavailable: There is no git here, or it cannot get the commit.
    """
    fill_from(ADDRESS, COMMIT, folder, progress)


def fill_from(address: str, commit: str, folder: Path, progress: Progress) -> None:
    """As `fill`, from any repository and commit."""
    if shutil.which("git") is None:
        raise Unavailable("git is not on PATH")
    clone = folder.parent / "clone"
    progress.step("fetching Harper Valley with git (0.69 GB)", "%")
    _git(progress, "init", "--quiet", str(clone))
    _git(progress, "-C", str(clone), "fetch", "--progress", "--depth", "1", address, commit)
    _git(progress, "-C", str(clone), "checkout", "--progress", "--detach", commit)
    if not (clone / "data" / "transcript").is_dir():
        raise Unavailable(f"{address} at {commit[:12]} holds no data/transcript")
    shutil.move(clone / "data", folder / "data")
    for licence in clone.glob("LICENSE*"):
        shutil.move(licence, folder / licence.name)
    shutil.rmtree(clone)
    write_source(folder, f"{address} at {commit}")


def recordings(folder: Path) -> list[Recording]:
    """Return turns of callers, whole dialogues at a time."""
    spoken = [
        turn
        for turn in harper_valley.read(Reading(folder), folder)
        if "caller" in turn.tags and _SHORTEST_S <= (turn.length_s or 0.0) <= _LONGEST_S
    ]
    return spoken[:_TURNS]


def _git(progress: Progress, *words: str) -> None:
    """Run git without a terminal, hooks or keys of ours, and pass on how far it says it is."""
    environment = for_download(GIT_TERMINAL_PROMPT="0", GIT_LFS_SKIP_SMUDGE="0")
    command = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", *words]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
        )
    except OSError as error:
        raise Unavailable(f"git could not be run: {sanitised(error)}") from error
    why = f"no end after {_LIMIT_S:.0f} s"
    limit = threading.Timer(_LIMIT_S, process.kill)
    limit.start()
    with process:
        try:
            assert process.stderr is not None
            # Text mode takes the carriage returns that git rewrites its line with for line ends.
            for line in process.stderr:
                if percent := _PERCENT.search(line):
                    progress.advance(int(percent[1]), 100)
                elif line.strip():
                    why = line.strip()
        except BaseException:
            process.kill()
            raise
        finally:
            limit.cancel()
    if process.returncode:
        raise Unavailable(f"git failed: {sanitised(why)}")
