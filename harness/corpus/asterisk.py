"""The telephone prompts of Asterisk in English, from Debian's archive: one studio voice, 8 kHz.

apt fetches and verifies the packages with lists and cache of its own in a scratch folder, so that
neither root nor an earlier `apt-get update` is needed, and nothing of the machine is changed.
"""

import gzip
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from harness.corpus.catalogue import Recording
from harness.corpus.source import Unavailable, write_source
from harness.errors import printable
from harness.model import Progress

LICENCE = "CC BY-SA 3.0"
_AUDIO_PACKAGE = "asterisk-core-sounds-en-wav"
_TEXT_PACKAGE = "asterisk-core-sounds-en"
_PROMPTS = Path("usr/share/asterisk/sounds/en_US_f_Allison")
_TEXT = Path("usr/share/doc", _TEXT_PACKAGE, "core-sounds-en.txt.gz")
_COPYRIGHT = Path("usr/share/doc", _AUDIO_PACKAGE, "copyright")
_LIMIT_S = 180.0


def fill(folder: Path, progress: Progress) -> None:
    """Put the chosen prompts, their text and their licence into `folder`.

    Raises:
        Unavailable: There is no apt here, or it cannot get the packages.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} is not on PATH")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="apt-") as scratch:
        packages = _download(Path(scratch), progress)
        root = Path(scratch, "root")
        for package in packages:
            _run(["dpkg-deb", "-x", str(package), str(root)], Path(scratch))
        _keep(root, folder)
    version = packages[0].name.split("_")[1]
    write_source(folder, f"Debian package {_AUDIO_PACKAGE} {version}")


def recordings(folder: Path) -> list[Recording]:
    """Return the prompts with what is said in them."""
    said = _transcripts((folder / "core-sounds-en.txt").read_text(encoding="utf-8"))
    return [
        Recording(
            id=name,
            path=f"{name}.wav",
            transcript=printable(said.get(name, "")),
            speaker="Allison Smith",
            language="en-US",
            licence=LICENCE,
        )
        for name in prompt_names()
    ]


def prompt_names() -> list[str]:
    """Return the sixty prompts that sound most like something said on a call."""
    listed = files("harness.corpus").joinpath("asterisk_prompts.txt")
    return listed.read_text(encoding="utf-8").split()


def _download(scratch: Path, progress: Progress) -> list[Path]:
    """Return the package files, audio first, as apt has fetched and verified them."""
    for needed in ("lists/partial", "cache/archives/partial"):
        (scratch / needed).mkdir(parents=True)
    options = {
        "Dir::State::lists": str(scratch / "lists"),
        "Dir::Cache": str(scratch / "cache"),
        "Debug::NoLocking": "1",
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "15",
        "Acquire::https::Timeout": "15",
    }
    apt = ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items())]
    progress.step("reading the package lists into the cache (14 MB)")
    # An update that partly failed still exits 0 and may suffice; the download decides.
    complaint = _complaint(_attempt([*apt, "update"], scratch))
    progress.step(f"downloading {_AUDIO_PACKAGE} (18 MB)")
    try:
        _run([*apt, "download", _AUDIO_PACKAGE, _TEXT_PACKAGE], scratch)
    except Unavailable as error:
        raise Unavailable(complaint or str(error)) from error
    found = [sorted(scratch.glob(f"{name}_*.deb")) for name in (_AUDIO_PACKAGE, _TEXT_PACKAGE)]
    if not all(found):
        raise Unavailable("apt-get download left no package")
    return [package for package, *_ in found]


def _keep(root: Path, folder: Path) -> None:
    """Copy what the corpus needs out of the unpacked packages."""
    try:
        for name in prompt_names():
            target = folder / f"{name}.wav"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / _PROMPTS / f"{name}.wav", target)
        shutil.copyfile(root / _COPYRIGHT, folder / "copyright")
        text = gzip.decompress((root / _TEXT).read_bytes())
    except (OSError, EOFError) as error:
        raise Unavailable(f"the package does not hold what was expected: {error}") from error
    (folder / "core-sounds-en.txt").write_bytes(text)


def _transcripts(text: str) -> dict[str, str]:
    """Return what each prompt says, from lines `name: text`; `;` begins a comment."""
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith(";"))
    return {name.strip(): said.strip() for name, _, said in pairs if said}


def _run(command: list[str], cwd: Path) -> None:
    """Run a tool that must succeed."""
    result = _attempt(command, cwd)
    if result.returncode:
        why = _complaint(result) or f"exit code {result.returncode}"
        raise Unavailable(f"{command[0]} failed: {why}")


def _attempt(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool without a terminal."""
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{command[0]} took more than {_LIMIT_S:.0f} s") from error
    except OSError as error:
        raise Unavailable(f"{command[0]} could not be started: {error.strerror}") from error


def _complaint(result: subprocess.CompletedProcess[str]) -> str:
    """Return what apt said was wrong, its first error before its first warning."""
    lines = result.stderr.splitlines()
    for mark in ("E: ", "W: Failed", "dpkg-deb: error"):
        for line in lines:
            if line.startswith(mark):
                return printable(line.removeprefix(mark.split(" ")[0]).strip())
    return ""
