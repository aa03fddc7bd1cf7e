from collections.abc import Iterator

import pytest

from harness.selfcheck.child import Child


@pytest.fixture
def null_server() -> Iterator[Child]:
    with Child("harness.selfcheck.null_server") as child:
        yield child
