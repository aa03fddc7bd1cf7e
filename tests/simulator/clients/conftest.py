"""Other people's programs, installed into folders of their own in the user's cache."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness import environment

HERE = Path(__file__).parent
_INSTALL_LIMIT_S = 600


def install(*words: str | Path, folder: Path) -> None:
    """Run an installer, and skip when it fails: there may be no network."""
    try:
        subprocess.run(
            words, cwd=folder, check=True, capture_output=True, timeout=_INSTALL_LIMIT_S, text=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        pytest.skip(f"not to be had: {said.strip().splitlines()[-1]}")


@pytest.fixture(scope="session")
def python_clients() -> Path:
    """Install the Python programs once and return their interpreter."""
    return _interpreter("python", "requirements.txt")


@pytest.fixture(scope="session")
def python_a2a() -> Path:
    """Install A2A's SDK once, apart from the others, and return its interpreter."""
    return _interpreter("a2a", "requirements_a2a.txt")


def _interpreter(name: str, requirements: str) -> Path:
    """Return the interpreter of an environment with these requirements."""
    folder = environment.cache_dir() / "clients" / name
    wanted = (HERE / requirements).read_text()
    done, python = folder / "installed.txt", folder / "bin" / "python"
    if not done.exists() or done.read_text() != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        install(sys.executable, "-m", "venv", "--clear", folder, folder=folder)
        quiet = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        install(python, *quiet, "-r", HERE / requirements, folder=folder)
        done.write_text(wanted)
    return python
