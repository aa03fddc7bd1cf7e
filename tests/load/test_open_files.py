"""The limit of open files, in a process of its own so that this one keeps its limit."""

import subprocess
import sys

import pytest

from harness.load.open_files import callers_of_one

_CHECK = """
import resource, sys
from harness.errors import BadInput
from harness.load.open_files import ensure_open_files
soft, hard, callers = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
try:
    ensure_open_files(callers)
except BadInput as error:
    print(error)
else:
    print("enough", resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def check(soft: int, hard: int, callers: int) -> str:
    words = [sys.executable, "-c", _CHECK, str(soft), str(hard), str(callers)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def test_the_limit_is_raised_as_far_as_the_system_allows() -> None:
    assert check(100, 400, 150) == "enough 400"


def test_too_few_files_are_one_line_with_the_numbers() -> None:
    line = check(90, 90, 80)
    assert "80 callers need some 224 open files, and this machine allows 90" in line
    assert "ulimit -n 224" in line


@pytest.mark.parametrize(("users", "processes", "callers"), [(7, 2, 4), (8, 4, 2), (3, 0, 3)])
def test_callers_are_spread_over_processes(users: int, processes: int, callers: int) -> None:
    assert callers_of_one(users, processes) == callers
