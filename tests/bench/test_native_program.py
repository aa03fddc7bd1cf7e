import shutil
import subprocess
from pathlib import Path

import pytest

from harness.bench import native_program

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


@pytest.mark.parametrize("name", ["sink", "watcher"])
@needs_compiler
def test_a_program_is_compiled_once_and_without_a_warning(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_program, "cache_dir", lambda: tmp_path)
    monkeypatch.setattr(native_program, "_OPTIONS", ("-O2", "-std=gnu11", "-Wall", "-Werror"))
    program = native_program.native_program(name)
    assert isinstance(program, Path)
    monkeypatch.setattr(subprocess, "run", None)
    assert native_program.native_program(name) == program


def test_without_a_compiler_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    assert "no C compiler" in str(native_program.native_program("sink"))


def test_on_another_system_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert "for Linux only" in str(native_program.native_program("sink"))


@needs_compiler
def test_a_compiler_that_fails_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_program, "cache_dir", lambda: tmp_path)
    monkeypatch.setattr(native_program, "_OPTIONS", ("--no-such-option",))
    assert "could not be compiled" in str(native_program.native_program("sink"))
    assert list((tmp_path / "native").iterdir()) == []
