"""Small C programs of this package, compiled on demand by the system's compiler, never required.

They measure what a Python program would disturb. Without a compiler the caller falls back on Python
and says so.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.environment import cache_dir, for_child

_SOURCES = Path(__file__).parent / "native"
_COMPILERS = ("cc", "gcc", "clang")
_OPTIONS = ("-O2", "-std=gnu11")
_LIMIT_S = 60.0


def native_program(name: str) -> Path | str:
    """Return a program made from `native/NAME.c`, compiled once per version.

    Returns:
        The program, or why there is none.
    """
    if platform.system() != "Linux":
        return f"the native {name} is for Linux only"
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        return f"no C compiler ({', '.join(_COMPILERS)}) for the native {name}"
    source = _SOURCES / f"{name}.c"
    digest = hashlib.sha256(source.read_bytes() + " ".join(_OPTIONS).encode()).hexdigest()[:12]
    folder = cache_dir() / "native"
    program = folder / f"{name}-{platform.machine()}-{digest}"
    if program.exists():
        return program
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Other processes may compile it at the same time: only a complete program gets the name.
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / name
            subprocess.run(
                [compiler, *_OPTIONS, "-o", str(made), str(source)],
                capture_output=True,
                check=True,
                timeout=_LIMIT_S,
                env=for_child(),
            )
            os.replace(made, program)
    except (OSError, subprocess.SubprocessError) as error:
        return f"the native {name} could not be compiled ({type(error).__name__})"
    return program
