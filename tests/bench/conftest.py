from collections.abc import Iterator

import pytest

from harness.bench.child_process import Child


@pytest.fixture(params=["native", "python"])
def null_server(request: pytest.FixtureRequest) -> Iterator[Child]:
    """The null server, as the program it becomes where there is a compiler, and as it is."""
    words = ["--python"] if request.param == "python" else []
    with Child("harness.bench.null_server", *words) as child:
        yield child
