import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.sources.download import Archive, download
from harness.corpus.sources.origin_note import Unavailable
from harness.corpus.sources.partial import kept_bytes, kept_partial
from harness.model import NoProgress

BODY = bytes(range(256)) * 4_000
OTHER = BODY[::-1]


def _archive(address: str, body: bytes = BODY, /, **changes: Any) -> Archive:
    fields: dict[str, Any] = {
        "address": address,
        "sha256": hashlib.sha256(body).hexdigest(),
        "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "most_bytes": 2_000_000,
        "most_unpacked_bytes": 10_000,
    }
    return Archive(**(fields | changes))


def _download(archive: Archive, folder: Path, progress: Any = None) -> None:
    into, kept = folder / "a", folder / ".partial"
    download(archive, into, progress or NoProgress(), kept=kept, timeout_s=0.2)


class _Interrupts(NoProgress):
    """Somebody who presses Ctrl-C once so much has come."""

    def __init__(self, at: int) -> None:
        self._at = at

    def advance(self, done: int, total: int | None) -> None:
        if done >= self._at:
            raise KeyboardInterrupt


def _left_half_way(web: Any, folder: Path, **said: str) -> Archive:
    """Leave some hundred kilobytes of the file and return what it is."""
    archive = _archive(web.serve("/a", BODY, **said))
    with pytest.raises(KeyboardInterrupt):
        _download(archive, folder, _Interrupts(262_144))
    assert not (folder / "a").exists()
    assert 0 < kept_bytes(folder / ".partial", archive.address) < len(BODY)
    web.asked.clear()
    return archive


def test_a_good_file_arrives_with_progress_and_leaves_nothing_else(
    web: Any, told: Any, tmp_path: Path
) -> None:
    _download(_archive(web.serve("/a", BODY)), tmp_path, told)
    assert (tmp_path / "a").read_bytes() == BODY
    assert told.advances[-1] == (len(BODY), len(BODY))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_server_that_always_truncates_is_given_up(web: Any, told: Any, tmp_path: Path) -> None:
    address = web.serve("/a", BODY[:1000], claimed=len(BODY))
    with pytest.raises(Unavailable, match=r"1000 of 1024000 bytes|stalled after 1000 bytes"):
        _download(_archive(address), tmp_path, told)
    assert not (tmp_path / "a").exists()
    assert kept_bytes(tmp_path / ".partial", address) == 1000


@pytest.mark.parametrize("manner", ["resumes", "refuses ranges", "has no range", "stalls"])
def test_a_transfer_that_breaks_off_is_taken_up_again(
    web: Any, told: Any, tmp_path: Path, manner: str
) -> None:
    address = web.serve("/a", BODY, breaks_after=300_000, manner=manner)
    _download(_archive(address), tmp_path, told)
    assert (tmp_path / "a").read_bytes() == BODY
    ranges = [asked for asked in web.asked if asked]
    assert ranges[0].startswith("bytes=")
    if manner == "resumes":
        assert ranges == ["bytes=300000-"]


def test_a_server_that_resumes_elsewhere_is_not_believed(
    web: Any, told: Any, tmp_path: Path
) -> None:
    address = web.serve("/a", BODY, breaks_after=300_000, manner="another place")
    _download(_archive(address), tmp_path, told)
    assert (tmp_path / "a").read_bytes() == BODY
    assert any("its length was 1024000 and is 1025000" in step for step in told.steps)


@pytest.mark.parametrize(
    "said",
    [{"ETag": '"one"'}, {"Last_Modified": "Mon, 02 Jan 2006 15:04:05 GMT"}, {}],
    ids=["etag", "time", "length alone"],
)
def test_another_process_goes_on_where_one_was_interrupted(
    web: Any, told: Any, tmp_path: Path, said: dict[str, str]
) -> None:
    archive = _left_half_way(web, tmp_path, **said)
    had = kept_bytes(tmp_path / ".partial", archive.address)
    _download(archive, tmp_path, told)
    assert (tmp_path / "a").read_bytes() == BODY
    assert web.asked == [f"bytes={had}-"]
    assert told.steps[0] == f"going on from {had / 1e6:.1f} MB that an earlier attempt left"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_that_changed_in_between_is_fetched_anew_and_the_change_is_named(
    web: Any, told: Any, tmp_path: Path
) -> None:
    _left_half_way(web, tmp_path, ETag='"one"')
    _download(_archive(web.serve("/a", OTHER, ETag='"two"'), OTHER), tmp_path, told)
    assert (tmp_path / "a").read_bytes() == OTHER
    assert any('its ETag was "one" and is "two"' in step for step in told.steps)
    assert len(web.asked) == 1


@pytest.mark.parametrize("body", [OTHER, OTHER[:-10]], ids=["same length", "shorter"])
def test_a_server_that_goes_on_with_another_file_is_found_out(
    web: Any, told: Any, tmp_path: Path, body: bytes
) -> None:
    _left_half_way(web, tmp_path, ETag='"one"')
    _download(_archive(web.serve("/a", body, manner="deaf", ETag='"two"'), body), tmp_path, told)
    assert (tmp_path / "a").read_bytes() == body


def test_a_change_that_nobody_told_of_is_found_by_the_digest_and_nothing_stays(
    web: Any, tmp_path: Path
) -> None:
    _left_half_way(web, tmp_path)
    archive = _archive(web.serve("/a", OTHER), OTHER)
    with pytest.raises(Unavailable, match="another file: its sha256 is"):
        _download(archive, tmp_path)
    assert list(tmp_path.iterdir()) == []
    _download(archive, tmp_path)
    assert (tmp_path / "a").read_bytes() == OTHER


@pytest.mark.parametrize("damage", ["no edition", "torn edition", "no bytes", "too long"])
def test_what_is_kept_but_damaged_is_never_taken_for_the_file(
    web: Any, tmp_path: Path, damage: str
) -> None:
    archive = _left_half_way(web, tmp_path, ETag='"one"')
    (part,) = (tmp_path / ".partial").glob("*.part")
    match damage:
        case "no edition":
            part.with_suffix(".json").unlink()
        case "torn edition":
            part.with_suffix(".json").write_bytes(b'{"etag"')
        case "no bytes":
            part.unlink()
        case _:
            part.write_bytes(BODY + b"more")
    _download(archive, tmp_path)
    assert (tmp_path / "a").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_that_had_come_whole_is_only_compared(web: Any, tmp_path: Path) -> None:
    archive = _archive(web.serve("/a", BODY))
    with pytest.raises(KeyboardInterrupt):
        _download(archive, tmp_path, _Interrupts(len(BODY)))
    web.asked.clear()
    _download(archive, tmp_path)
    assert (tmp_path / "a").read_bytes() == BODY
    assert web.asked == []


def test_two_at_once_do_not_write_into_each_other(web: Any, tmp_path: Path) -> None:
    archive = _archive(web.serve("/a", BODY))
    (tmp_path / "second").mkdir()
    with kept_partial(tmp_path / ".partial", archive.address):
        into = tmp_path / "second" / "a"
        other = threading.Thread(
            target=download,
            args=(archive, into, NoProgress()),
            kwargs={"kept": tmp_path / ".partial"},
        )
        other.start()
        other.join()
    assert into.read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["second"]


@pytest.mark.parametrize("kind", ["sha256", "md5"])
def test_a_file_with_another_digest_is_refused(web: Any, tmp_path: Path, kind: str) -> None:
    archive = _archive(web.serve("/a", BODY), BODY, **{kind: "0" * 32})
    with pytest.raises(Unavailable, match=f"another file: its {kind} is [0-9a-f]+, not 0000"):
        _download(archive, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("claimed", [None, 1_000_000])
def test_a_file_that_does_not_stop_is_refused(
    web: Any, tmp_path: Path, claimed: int | None
) -> None:
    archive = _archive(web.serve("/a", BODY, claimed=claimed), most_bytes=300_000)
    with pytest.raises(Unavailable, match="more than the file should hold"):
        _download(archive, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_does_not_answer_is_named(web: Any, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="/none: HTTP Error 404"):
        _download(_archive(f"{web.address}/none"), tmp_path)
    with pytest.raises(Unavailable, match=r"/a: \[Errno \d+\] Connection refused"):
        _download(_archive("http://127.0.0.1:1/a"), tmp_path)
    with pytest.raises(Unavailable, match="not an http address"):
        _download(_archive("file:///etc/hosts"), tmp_path)
    assert list(tmp_path.iterdir()) == []
