from collections.abc import Iterator

import pytest

from harness.bench.child_process import Child


@pytest.fixture
def null_server() -> Iterator[Child]:
    with Child("harness.bench.null_server") as child:
        yield child
