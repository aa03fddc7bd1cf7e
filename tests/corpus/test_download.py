import hashlib
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.download import Archive, download
from harness.corpus.source import Unavailable
from harness.model import Unshown

BODY = bytes(range(256)) * 4_000


def _archive(address: str, body: bytes = BODY, /, **changes: Any) -> Archive:
    fields: dict[str, Any] = {
        "address": address,
        "sha256": hashlib.sha256(body).hexdigest(),
        "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "most_bytes": 2_000_000,
        "most_unpacked_bytes": 10_000,
    }
    return Archive(**(fields | changes))


def test_a_good_file_arrives_with_progress(web: Any, told: Any, tmp_path: Path) -> None:
    download(_archive(web.serve("/a", BODY)), tmp_path / "a", told)
    assert (tmp_path / "a").read_bytes() == BODY
    assert told.advances[-1] == (len(BODY), len(BODY))


def test_a_server_that_always_truncates_is_given_up(web: Any, told: Any, tmp_path: Path) -> None:
    address = web.serve("/a", BODY[:1000], claimed=len(BODY))
    with pytest.raises(Unavailable, match=r"1000 of 1024000 bytes|stalled after 1000 bytes"):
        download(_archive(address), tmp_path / "a", told)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("manner", ["resumes", "refuses ranges", "has no range", "stalls"])
def test_a_transfer_that_breaks_off_is_taken_up_again(
    web: Any, told: Any, tmp_path: Path, manner: str
) -> None:
    address = web.serve("/a", BODY, breaks_after=300_000, manner=manner)
    download(_archive(address), tmp_path / "a", told, timeout_s=0.5)
    assert (tmp_path / "a").read_bytes() == BODY
    ranges = [asked for asked in web.asked if asked]
    assert ranges[0].startswith("bytes=")
    if manner == "resumes":
        assert ranges == ["bytes=300000-"]


def test_a_server_that_resumes_elsewhere_is_not_believed(web: Any, tmp_path: Path) -> None:
    address = web.serve("/a", BODY, breaks_after=300_000, manner="another place")
    with pytest.raises(Unavailable):
        download(_archive(address), tmp_path / "a", Unshown(), timeout_s=0.5)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_file_with_another_digest_is_refused(web: Any, tmp_path: Path, kind: str) -> None:
    archive = _archive(web.serve("/a", BODY), BODY, **{kind: "0" * 32})
    with pytest.raises(Unavailable, match="another file"):
        download(archive, tmp_path / "a", Unshown())
    assert not (tmp_path / "a").exists()


def test_a_file_that_does_not_stop_is_refused(web: Any, tmp_path: Path) -> None:
    archive = _archive(web.serve("/a", BODY), most_bytes=300_000)
    with pytest.raises(Unavailable, match="more than the file should hold"):
        download(archive, tmp_path / "a", Unshown())
    assert not (tmp_path / "a").exists()


def test_an_address_that_does_not_answer_is_named(web: Any, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="/none: HTTP Error 404"):
        download(_archive(f"{web.address}/none"), tmp_path / "a", Unshown())
    with pytest.raises(Unavailable, match="not an http address"):
        download(_archive("file:///etc/hosts"), tmp_path / "a", Unshown())
