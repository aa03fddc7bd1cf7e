from collections.abc import Iterator

import pytest

from harness.bench.child_process import Child


@pytest.fixture
def null_server() -> Iterator[Child]:
    """The null server, as the program it becomes where there is a compiler."""
    with Child("harness.bench.null_server") as child:
        yield child


@pytest.fixture
def python_null_server() -> Iterator[Child]:
    """The null server as it is without a compiler."""
    with Child("harness.bench.null_server", "--python") as child:
        yield child
