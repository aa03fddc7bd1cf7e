"""The last self check of this machine, kept for the runs that come after it."""

import json
from pathlib import Path
from typing import Any

from harness.bench.findings import SCHEMA, Findings
from harness.recording import replace_file

_NAME = "selfcheck.json"


def remember(findings: Findings, cache: Path) -> Path:
    """Keep the findings in the user's cache and return the file.

    Raises:
        BadInput: The cache cannot be written.
    """
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / _NAME
    replace_file(path, as_bytes(findings))
    return path


def recall(cache: Path) -> dict[str, Any] | None:
    """Return what was kept last, as plain values; `None` when there is nothing of use."""
    try:
        kept = json.loads((cache / _NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) and kept.get("schema") == SCHEMA else None


def as_bytes(findings: Findings) -> bytes:
    """Return the findings as a JSON file's bytes."""
    return json.dumps(findings.as_json(), indent=2).encode() + b"\n"
