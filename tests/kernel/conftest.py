"""Two network namespaces joined by a relay: the reference the model is held against.

Needs root on Linux, /dev/net/tun, `ip` and a C compiler; without them the tests skip and say
which is missing. Everything that is made has names of its own and is removed.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

HERE = Path(__file__).parent
PORT = 7000
FIRST_S = 2.0
ATTEMPTS, LATE_GAP_MS, LATE_SHARE = 3, 26.0, 0.003


# Extra delay in milliseconds of every message, shape (messages,).
Reference = Callable[[float, float, int, float], npt.NDArray[np.float64]]


def missing() -> str:
    """Say what the reference cannot do without, empty when all is there."""
    if sys.platform != "linux":
        return "network namespaces need Linux"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not Path("/dev/net/tun").exists():
        return "there is no /dev/net/tun"
    for tool in ("ip", "cc"):
        if shutil.which(tool) is None:
            return f"{tool} is not on PATH"
    made = f"hk-try-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", made], capture_output=True, check=False).returncode:
        return "a network namespace cannot be made here"
    subprocess.run(["ip", "netns", "del", made], check=False)
    return ""


@pytest.fixture(scope="session")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The relay, compiled."""
    if reason := missing():
        pytest.skip(reason)
    program = tmp_path_factory.mktemp("relay") / "relay"
    subprocess.run(["cc", "-O2", "-o", program, HERE / "relay.c", "-lm"], check=True)
    return program


class Rig:
    """Two namespaces, the relay between them, and streams from one to the other."""

    def __init__(self, relay: Path, folder: Path) -> None:
        self._relay, self._folder = relay, folder
        self._names = [f"hk-{os.getpid()}-{side}" for side in "ab"]
        self._nft = shutil.which("nft")
        self._started: list[subprocess.Popen[str]] = []
        self.calm = False

    def open(self, rtt_ms: float, loss: float) -> None:
        """Make the network; packets are lost by nftables where there is one, else by the relay."""
        for name in self._names:
            self._ip("netns", "add", name)
        ppm = 0 if self._nft else round(loss * 1e6)
        words = [self._relay, *self._names, round(rtt_ms * 500), ppm, 0, 0, 7]
        self._start([str(word) for word in words])
        ends = ("10.99.0.1", "10.99.0.2")
        for name, here, there in zip(self._names, ends, reversed(ends), strict=True):
            self._ip("-n", name, "addr", "add", here, "peer", there, "dev", "tun0")
            self._ip("-n", name, "link", "set", "tun0", "up")
        if self._nft:
            rules = (
                "table ip lossy { chain in { type filter hook input priority 0;"
                f" tcp dport {PORT} tcp flags & (syn|fin|rst) == 0"
                f" numgen random mod 10000 < {round(loss * 1e4)} counter drop; }} }}"
            )
            self._inside(1, [self._nft, rules])

    def stream(self, rtt_ms: float, flows: int, seconds: float) -> npt.NDArray[np.float64]:
        """Send 1300 bytes every 20 ms on each flow, by CUBIC."""
        sent, got = self._folder / "sent", self._folder / "got"
        script = [sys.executable, str(HERE / "stream.py")]
        receiver = self._start(
            [
                "ip",
                "netns",
                "exec",
                self._names[1],
                *script,
                "receive",
                str(PORT),
                str(flows),
                str(got),
            ]
        )
        words = ("send", "10.99.0.2", PORT, flows, seconds, 20, 1300, "cubic", sent)
        self._inside(0, [*script, *(str(word) for word in words)], limit_s=seconds + 60)
        assert receiver.wait(60) == 0
        arrived = {(flow, message): at_ns for flow, message, at_ns in _numbers(got)}
        start_ns = min(at_ns for _, _, at_ns, _ in _numbers(sent))
        self.calm = _is_calm(sent)
        extra_ms = [
            (arrived[flow, message] - at_ns) / 1e6 - rtt_ms / 2
            for flow, message, at_ns, _ in _numbers(sent)
            if at_ns - start_ns >= FIRST_S * 1e9
        ]
        return np.array(extra_ms)

    def close(self) -> None:
        """Remove all of it."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait(10)
            if process.stdout is not None:
                process.stdout.close()
        self._started.clear()
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def _start(self, command: list[str]) -> "subprocess.Popen[str]":
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def _inside(self, side: int, command: list[str], limit_s: float = 10) -> None:
        words = ["ip", "netns", "exec", self._names[side], *command]
        subprocess.run(words, check=True, timeout=limit_s)

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)


def _is_calm(sent: Path) -> bool:
    """Tell whether frames left in time; a machine that is late stalls by itself."""
    instants = np.array(list(_numbers(sent)))
    order = np.lexsort((instants[:, 1], instants[:, 0]))
    gaps_ms = np.diff(instants[order, 2]) / 1e6
    same_flow = np.diff(instants[order, 0]) == 0
    return bool(np.mean(gaps_ms[same_flow] > LATE_GAP_MS) < LATE_SHARE)


def _numbers(path: Path) -> Iterator[list[int]]:
    with path.open() as lines:
        for line in lines:
            yield [int(word) for word in line.split()]


@pytest.fixture
def reference(relay: Path, tmp_path: Path) -> Iterator[Reference]:
    """Run streams over a kernel's TCP and a network that loses packets."""
    rig = Rig(relay, tmp_path)

    def run(rtt_ms: float, loss: float, flows: int, seconds: float) -> npt.NDArray[np.float64]:
        for _ in range(ATTEMPTS):
            rig.open(rtt_ms, loss)
            extra_ms = rig.stream(rtt_ms, flows, seconds)
            if rig.calm:
                return extra_ms
            rig.close()
        pytest.skip("this machine is too busy for a reference: frames could not be sent in time")

    yield run
    rig.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _left():
        time.sleep(0.05)
    assert not _left(), "a namespace of ours is left"


def _left() -> list[str]:
    said = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False)
    return [line for line in said.stdout.splitlines() if line.startswith(f"hk-{os.getpid()}-")]
