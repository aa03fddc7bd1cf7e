"""Official SDKs hold a turn with the simulated agents of their vendors: `make test-clients`.

What they are content with is the vendor's own reading of its messages, and not ours.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness import environment
from harness.corpus import speech_like

HERE = Path(__file__).parent
_START_LIMIT_S, _TURN_LIMIT_S = 30, 90
RATES_HZ = {"gemini": 16_000, "elevenlabs": 16_000, "deepgram": 24_000, "vapi": 16_000}
# Vapi's SDK has no client of its socket: its messages are held against the types it has of them.
PROGRAMS = {"vapi": "vapi_types.py"}


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(params=RATES_HZ)
def simulator(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, int, Path]]:
    """A simulator; with TLS for the SDK that speaks nothing else."""
    vendor, port, options = str(request.param), _free_port(), list[str]()
    certificate = tmp_path / "none"
    if vendor == "gemini":
        if shutil.which("openssl") is None:
            pytest.skip("no openssl to make a certificate")
        certificate, key = _certificate(tmp_path)
        options = ["--cert", str(certificate), "--key", str(key)]
    words = [sys.executable, "-m", "harness", "simulator", "--port", str(port), *options]
    process = subprocess.Popen(words, env=environment.for_child(), stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield vendor, port, certificate
    finally:
        process.terminate()
        process.wait()


def test_an_official_sdk_is_content(
    simulator: tuple[str, int, Path], python_clients: Path, tmp_path: Path
) -> None:
    vendor, port, certificate = simulator
    rate_hz, sound = RATES_HZ[vendor], tmp_path / "utterance.raw"
    speech = speech_like(np.random.default_rng(1), 1.0, rate_hz)
    samples = np.concatenate((np.zeros(rate_hz // 4), speech, np.zeros(3 * rate_hz)))
    sound.write_bytes(samples.astype("<i2").tobytes())
    trusting = {"SSL_CERT_FILE": str(certificate)} if certificate.exists() else {}
    words = [str(HERE / "vendor_callers.py"), vendor]
    if vendor in PROGRAMS:
        words = [str(HERE / PROGRAMS[vendor])]
    done = subprocess.run(
        [python_clients, *words, str(port), sound],
        capture_output=True,
        text=True,
        timeout=_TURN_LIMIT_S,
        check=False,
        env=environment.for_child() | trusting,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["ended"], found
    assert not found.get("odd"), found
    assert found["audio"] > 1_000, found
