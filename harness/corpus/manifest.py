"""The manifest: what is known of each clip of a corpus, one JSON object a line.

The first line is the head: `schema`, `annotator`, `reader` and, where the manifest does not lie in
the folder of its recordings, `folder`, the path from the manifest's folder to theirs. Every other
line is one of

* a clip, with the fields of `model.Clip`: `id`, `path` (inside the folder), `sha256` of the file,
  `rate_hz`, `channels`, `duration_s`, `offset_s` and `channel` (of a cut), `other_voices` (channels
  that hold somebody else's speech), `transcript`, `speaker`, `language`, `accent`, `licence`,
  `conversation` and `turn`, `tags`; the marks `speech_start_s`, `speech_end_s`, `end_source`,
  `end_uncertainty_ms`, counted from the beginning of the clip; a second opinion, `second_end_s` and
  `second_source`; and for what was made from another clip `utterance` (the original's id),
  `condition` and `transforms`;
* a recording whose speech was not marked yet: `id`, `path` and what the collection says, without
  marks; it is marked when the corpus is used;
* a file that is no clip: `path`, `sha256` and `skipped`, the reason.

There are two readers. `read_manifest` is for our own manifests in the cache: one of another schema
or annotator, or an incomplete one, counts as empty, because its work can be done again.
`load_manifest` is for a manifest that a person names: it refuses what it does not understand,
with the line's number.
"""

import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from harness.corpus.inside import inside
from harness.corpus.marks.annotate import ANNOTATOR
from harness.corpus.recording import Recording
from harness.errors import BadInput, sanitised
from harness.model import Clip

SCHEMA = "harness.corpus/2"
_READER = "4"
"""Edition of the audio reader: findings of an earlier one, such as an unreadable file, are void."""

_HEAD = {"schema": SCHEMA, "annotator": ANNOTATOR, "reader": _READER}
_LARGEST_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that cannot be used.

    Attributes:
        path: File, relative to the corpus folder.
        sha256: Digest of its bytes, hexadecimal.
        skipped: Why, in words.
        offset_s: Where the cut begins that cannot be used.
        channel: Its channel.
    """

    path: str
    sha256: str
    skipped: str
    offset_s: float = 0.0
    channel: int = 0


Entry = Clip | Skipped | Recording
Place = tuple[str, float, int]


def place(entry: Clip | Skipped) -> Place:
    """Return where the audio of an entry lies: file, offset, channel."""
    return entry.path, entry.offset_s, entry.channel


def read_manifest(path: Path) -> dict[Place, Clip | Skipped]:
    """Return what our own manifest knows, by place; nothing when there is none that fits."""
    try:
        head, *lines = path.read_bytes().splitlines()
        if msgspec.json.decode(head) != _HEAD:
            return {}
        entries = [_entry(line) for line in lines]
    except (OSError, ValueError):
        # Missing, incomplete, or of another version: msgspec's errors are ValueErrors.
        return {}
    return {place(entry): entry for entry in entries if not isinstance(entry, Recording)}


def load_manifest(path: Path) -> tuple[Path, list[Entry]]:
    """Return the folder and the entries of a manifest that a person named.

    Raises:
        BadInput: It is no such manifest, a line is not understood, a path leads out of the folder
            or two clips have one id.
    """
    if path.stat().st_size > _LARGEST_BYTES:
        raise BadInput("is too large to be a manifest", where=sanitised(path.name))
    lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    folder = path.parent / _folder(path, lines[0] if lines else b"")
    entries: list[Entry] = []
    ids: set[str] = set()
    for number, line in enumerate(lines[1:], start=2):
        where = f"{sanitised(path.name)} line {number}"
        try:
            entry = _entry(line)
        except ValueError as error:
            hint = "corpora/README.md describes the manifest"
            raise BadInput(f"not understood: {error}", where=where, hint=hint) from error
        if inside(folder, entry.path) is None:
            raise BadInput(f"{entry.path} leads out of the corpus folder", where=where)
        name = None if isinstance(entry, Skipped) else entry.id
        if name in ids:
            raise BadInput(f"a second clip is called {name}", where=where)
        if name is not None:
            ids.add(name)
        entries.append(entry)
    return folder, entries


def write_manifest(path: Path, entries: Iterable[Entry], folder: Path | None = None) -> None:
    """Replace the manifest at `path`, whole or not at all.

    Args:
        path: The manifest.
        entries: What is known.
        folder: Where the recordings lie, if that is not for the reader to know.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    head = dict(_HEAD)
    if folder is not None and folder.resolve() != path.parent.resolve():
        head["folder"] = Path(os.path.relpath(folder.resolve(), path.parent.resolve())).as_posix()
    lines = [head, *(_row(entry) for entry in entries)]
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".manifest-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.Encoder().encode_lines(lines))
        # A scratch file is private to its writer; a manifest is readable as the recordings are.
        Path(scratch).chmod(0o644)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _folder(path: Path, line: bytes) -> str:
    """Return the path to the recordings that the head of a manifest names."""
    try:
        head = msgspec.json.decode(line, type=dict[str, str])
    except ValueError:
        head = {}
    if head.get("schema") != SCHEMA:
        raise BadInput(
            f"does not begin with a head of schema {SCHEMA}",
            where=sanitised(path.name),
            hint="harness corpus import makes a manifest of a collection in another format",
        )
    return head.get("folder", "")


def _row(entry: Entry) -> dict[str, object]:
    """Return an entry as it is written; fields without a value are left out."""
    row = asdict(entry)
    if isinstance(entry, Recording):
        assert entry.marks is None, "a recording with marks is written as a clip"
    return {name: value for name, value in row.items() if value not in (None, ())}


def _entry(line: bytes) -> Entry:
    row = msgspec.json.decode(line)
    if isinstance(row, dict) and "skipped" in row:
        return msgspec.convert(row, Skipped)
    if isinstance(row, dict) and "speech_end_s" not in row and "end_source" not in row:
        return msgspec.convert(row, Recording)
    return msgspec.convert(row, Clip)
