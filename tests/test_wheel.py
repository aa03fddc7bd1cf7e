"""An installed wheel works outside a checkout: what it needs travels in it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it; its dependencies are those of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    install = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
    build = ["wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--no-index"]
    done(*install, *build, "--wheel-dir", str(folder), cwd=folder)
    (wheel,) = folder.glob("harness-*.whl")
    done(sys.executable, "-m", "venv", "--without-pip", str(folder / "env"), cwd=folder)
    python = folder / "env" / "bin" / "python"
    into = ["--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    done(*install, *into, cwd=folder)
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    # After the wheel's own folder, and as plain paths, so that the editable checkout stays out.
    (packages / "dependencies.pth").write_text("".join(f"{path}\n" for path in dependencies()))
    return python


def dependencies() -> list[str]:
    """Where this interpreter finds installed packages."""
    return [path for path in sys.path if path.endswith("-packages")]


def done(*words: str, cwd: Path, **variables: str) -> str:
    """Run a command to its end and return what it printed; it has to succeed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        words,
        cwd=cwd,
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_a_wheel_holds_calls_from_an_empty_folder(environment: Path, tmp_path: Path) -> None:
    where = done(str(environment), "-c", "import harness; print(harness.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(environment.parents[1])
    options = ["--corpus", "synthetic", "--spawn-rate", "10", "--silence-ms", "200"]
    options += ["--users", "3", "--calls", "3", "--turns", "1"]
    ran = subprocess.run(
        [str(environment.with_name("harness")), "run", "conversation", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    (run,) = (tmp_path / "reports").iterdir()
    turns = [json.loads(line) for line in (run / "turns.jsonl").read_text().splitlines()]
    assert len({turn["session_id"] for turn in turns}) == 3, ran.stdout + ran.stderr
    assert "completed" in {turn["status"] for turn in turns}
    assert (run / "report.html").is_file()


def test_a_wheel_knows_the_dialogues_by_name(environment: Path, tmp_path: Path) -> None:
    listed = "from harness.environment import shipped; print(shipped('dialogues', 'order.toml'))"
    found = Path(done(str(environment), "-c", listed, cwd=tmp_path).strip())
    assert found.is_file()
    assert found.is_relative_to(environment.parents[1])
