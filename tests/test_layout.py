"""The house rules that no linter knows: mirrored tests, small files, no drawers."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in ("harness", "scenarios")
    for path in (ROOT / folder).rglob("*.py")
)
FORBIDDEN = {"utils", "util", "common", "helpers", "core", "manager", "misc"}


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_file_is_small_enough_to_hold(source: Path) -> None:
    lines = (ROOT / source).read_text(encoding="utf-8").count("\n")
    assert lines <= 450, f"{source} has {lines} lines"


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_name_says_what_it_holds(source: Path) -> None:
    assert not FORBIDDEN & {part.removesuffix(".py") for part in source.parts}


# The simulator is also tested as a whole: by what it says, not by which file says it.
WHOLE = {
    f"simulator/test_{what}.py"
    for what in ("demands", "latency", "machine", "null", "protocol", "stock_clients")
}


def test_every_test_file_mirrors_a_source_file() -> None:
    strays = []
    for test in (ROOT / "tests").rglob("test_*.py"):
        inside = test.relative_to(ROOT / "tests")
        if len(inside.parts) == 1 or inside.as_posix() in WHOLE:
            continue
        source = ROOT / "harness" / inside.parent / inside.name.removeprefix("test_")
        if not source.exists():
            strays.append(str(inside))
    assert not strays, f"no source file for {strays}"


@pytest.mark.parametrize("room", sorted(p.parent for p in ROOT.glob("harness/*/__init__.py")))
def test_every_room_has_a_charter(room: Path) -> None:
    text = (room / "__init__.py").read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert len(text.splitlines()) > 2
