"""The options that say how a session with the target is opened, for runs and `doctor`."""

import argparse
from typing import Any, Protocol

from harness.dialects import DEFAULT_DIALECT, DIALECTS
from harness.engine.route import BEARER, REFUSAL_RETRIES, SETUP_LIMIT_S

TARGETS_FILE = "harness.toml"


class Takes(Protocol):
    """What options can be added to: a parser, or a group of one."""

    def add_argument(self, *flags: str, **settings: Any) -> argparse.Action:
        """Add one."""
        ...


def add_target_arguments(group: Takes) -> None:
    """Add the options that say how a session is opened, for runs and for `doctor`."""
    group.add_argument(
        "--dialect",
        default="",
        help=f"what the API speaks: {', '.join(DIALECTS)} (default: what the vendor whose host it"
        f" is speaks, elsewhere {DEFAULT_DIALECT})",
    )
    group.add_argument("--model", default="", help="model to ask for")
    group.add_argument(
        "--session",
        default="",
        help="JSON or TOML file with the session to ask for, as in session.update: instructions,"
        " tools, voice, turn detection and so on, over the scenario's",
    )
    group.add_argument(
        "--agent-first",
        action="store_true",
        help="the agent greets: callers hear it out before they speak",
    )
    group.add_argument(
        "--key-header",
        default=BEARER,
        help="header that the key is sent in, such as api-key; after the word Bearer in"
        f" {BEARER} only (default: {BEARER})",
    )
    group.add_argument(
        "--key-variable",
        default="",
        help="environment variable that holds the key (default: the dialect's own; of openai"
        " HARNESS_API_KEY, else OPENAI_API_KEY)",
    )
    group.add_argument(
        "--ephemeral-keys",
        action="store_true",
        help="open each session with a key of its own, which is made with the real one before, as"
        " backends of browsers do; what that takes is a part of opening the session",
    )
    group.add_argument(
        "--setup-limit-s",
        type=float,
        default=SETUP_LIMIT_S,
        help=f"how long a session may take to exist (default: {SETUP_LIMIT_S:g})",
    )
    group.add_argument(
        "--refusal-retries",
        type=int,
        default=REFUSAL_RETRIES,
        help="how often a session that a full server refuses (HTTP 429, close 1008 or 1013)"
        f" is tried again (default: {REFUSAL_RETRIES})",
    )
    for name, words in (
        ("--sessions-per-s", "new sessions in any second"),
        ("--sessions-per-min", "new sessions in any minute"),
        ("--sessions-at-once", "sessions at once"),
    ):
        group.add_argument(
            name,
            type=int,
            default=0,
            help=f"most {words} that the target allows: calls that would go beyond it wait, and"
            " what they waited is told and in no latency (0: no such limit)",
        )
    group.add_argument("--ca", default="", help="file of certificates to trust for wss")
    group.add_argument(
        "--targets",
        default=TARGETS_FILE,
        help=f"file with the targets that --host can name (default: {TARGETS_FILE})",
    )
