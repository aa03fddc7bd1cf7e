from http.client import HTTPMessage
from pathlib import Path

import pytest

from harness.corpus.sources.partial import Edition, kept_bytes, kept_partial, partials_beside

ADDRESS = "http://a.example/file"


def _headers(**said: str) -> HTTPMessage:
    headers = HTTPMessage()
    for name, value in said.items():
        headers[name.replace("_", "-")] = value
    return headers


def test_a_weak_etag_does_not_stand_for_the_bytes() -> None:
    said = _headers(etag='W/"one"', last_modified="today")
    assert Edition.of(said, 5) == Edition(etag="", modified="today", size=5)


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        (Edition(etag="a", modified="m", size=1), ""),
        (Edition(), ""),
        (Edition(etag="b"), "its ETag was a and is b"),
        (Edition(size=2), "its length was 1 and is 2"),
        (Edition(modified="n"), "its time of change was m and is n"),
    ],
)
def test_only_what_both_say_can_differ(other: Edition, differs: str) -> None:
    assert Edition(etag="a", modified="m", size=1).differs(other) == differs


def test_what_is_kept_is_found_again_and_what_is_not_leaves_nothing(tmp_path: Path) -> None:
    folder = partials_beside(tmp_path / "corpus")
    assert kept_bytes(folder, ADDRESS) == 0
    with kept_partial(folder, ADDRESS) as partial:
        partial.begin(Edition(size=9))
        partial.path.write_bytes(b"four")
    assert kept_bytes(folder, ADDRESS) == 4
    assert kept_bytes(folder, f"{ADDRESS}/2") == 0
    with kept_partial(folder, ADDRESS) as partial:
        assert partial.edition() == Edition(size=9)
        partial.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_second_one_at_once_gets_a_fresh_one_that_is_not_kept(tmp_path: Path) -> None:
    with kept_partial(tmp_path / "p", ADDRESS) as first:
        first.begin(Edition(size=9))
        first.path.write_bytes(b"four")
        with kept_partial(tmp_path / "p", ADDRESS) as second:
            assert second.path != first.path
            assert second.had() == 0
            second.begin(Edition(size=9))
            second.path.write_bytes(b"private")
        assert first.path.read_bytes() == b"four"
    assert kept_bytes(tmp_path / "p", ADDRESS) == 4
