"""The options a scenario adds to Locust's own, on the command line and on its web page."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.corpus import channel_from
from harness.dialects import (
    DEFAULT_DIALECT,
    NO_WISHES,
    Role,
    SessionWishes,
    choose_dialect,
    find_dialect,
)
from harness.engine.route import BEARER, REFUSAL_RETRIES, SETUP_LIMIT_S, is_header_name
from harness.environment import secret
from harness.errors import BadInput
from harness.load.exporters.listen_address import parse_listen_address
from harness.load.record_wish import MOST_MB, RecordWish, parse_record
from harness.load.target_limits import TargetLimits
from harness.load.target_options import Takes, add_target_arguments
from harness.model import DIRECT
from harness.network import PORTS, ApiAddress, parse_api, parse_ports
from harness.plan import Mix, parse_mix

NO_LIMITS = TargetLimits()
# Names of variables are upper case; a key pasted there by mistake is not.
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
# Options that name, or may name, a file, a folder, a port or a secret of this machine.
_OFF_PAGE = (
    *("profiles", "corpus", "dialogue", "arrivals", "session", "targets", "reports", "ca"),
    *("prometheus", "key_variable", "carrier_api"),
)
_KEY_NAMES = re.compile(r"(?i)(api_?)?(key|token|secret|password)|authorization")
DEFAULT_SILENCE_MS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person asked for, checked.

    Attributes:
        host: Address of the API.
        mix: Profiles and their weights, by which calls choose; `none` goes directly.
        profiles_file: The user's own profiles.
        toxiproxy: A running Toxiproxy to use, `None` for one of our own.
        toxiproxy_ports: Where its proxies may listen.
        corpus: Name or folder of the speech, `None` for the default.
        channel: The callers' channel of its recordings, from 0; `None` for the one listed, else
            the first.
        dialect: Name of the API's dialect.
        model: Model to ask for, empty for the dialect's default.
        dialogue: Dialogue script, `None` for the scenario's own dialogue.
        agent_first: Callers hear out a greeting before they speak, whatever the scenario says.
        turns: Turns per call, `None` for the scenario's own.
        after_no_answer: What callers do after a turn without an answer, `go_on` or `hang_up`;
            empty for what the scenario says.
        calls: Calls to hold in all, `None` to go on until stopped.
        arrivals: When calls begin, in the words of `plan.arrivals`; empty for a closed load, where
            callers begin the next call when the last one has ended.
        seed: Seed of everything that is drawn.
        frame_ms: Length of the caller's audio frames.
        silence_ms: Silence the server is asked to wait for; `None` leaves the server's default.
        silence_given: It was asked for, and is not our default.
        session: The session of the user's own.
        target_session: What the target has for those settings that nobody else names.
        allow_differences: Go on where the server refused settings or confirmed others.
        keep_session: Keep the whole session in the manifest, and not its digest alone.
        limit_s: How long a caller waits for a response.
        setup_limit_s: How long a session may take to exist.
        key_header: The header that the key is sent in.
        key_variable: The variable that holds the key; empty for the usual ones.
        ephemeral_keys: Each session is opened with a key of its own, made with the real one.
        limits: The target's own limits of sessions.
        refusal_retries: How often a session is tried again that was refused by a full server.
        drain_s: How long calls may go on once the run is being stopped.
        authority: File of certificates to trust in place of the system's.
        record: Which turns to record as audio; `None` for none.
        reports: Where run directories are made.
        run_dir: An empty directory to use instead of making one.
        live_line: Show one line of progress in place of Locust's table.
        simulated: The target is this project's simulator.
        class_hosts: The scenario's user classes name their targets, and no option does.
        cascade: File of the cascade that is the target, empty for another target.
        until_stdin_closes: Stop when the parent process is gone.
        carrier_api: Address and port where applications may end calls as over a carrier's REST API;
            `None` for nowhere.
        prometheus: Address and port that metrics are served at, `None` for nowhere.
        command: What makes the same run again; empty where it is not known.
        otel: Spans and metrics are sent by OpenTelemetry, as Locust's `--otel` asked the master.
    """

    host: str
    mix: Mix = ((DIRECT, 1),)
    profiles_file: Path | None = None
    toxiproxy: ApiAddress | None = None
    toxiproxy_ports: range = PORTS
    corpus: str | None = None
    channel: int | None = None
    dialect: str = DEFAULT_DIALECT
    model: str = ""
    dialogue: Path | None = None
    agent_first: bool = False
    turns: int | None = None
    after_no_answer: str = ""
    calls: int | None = None
    arrivals: str = ""
    seed: int = 1
    frame_ms: int = 20
    silence_ms: int | None = DEFAULT_SILENCE_MS
    silence_given: bool = False
    session: SessionWishes = NO_WISHES
    target_session: SessionWishes = NO_WISHES
    allow_differences: bool = False
    keep_session: bool = False
    limit_s: float = 15.0
    setup_limit_s: float = SETUP_LIMIT_S
    key_header: str = BEARER
    key_variable: str = ""
    ephemeral_keys: bool = False
    limits: TargetLimits = NO_LIMITS
    refusal_retries: int = REFUSAL_RETRIES
    drain_s: float = 10.0
    authority: Path | None = None
    record: RecordWish | None = None
    reports: Path = Path("reports")
    run_dir: Path | None = None
    live_line: bool = False
    simulated: bool = False
    class_hosts: bool = False
    cascade: str = ""
    until_stdin_closes: bool = False
    carrier_api: tuple[str, int] | None = None
    prometheus: tuple[str, int] | None = None
    otel: bool = False
    command: str = ""

    @property
    def networks(self) -> tuple[str, ...]:
        """The profiles that are used at all, each once."""
        return tuple(dict.fromkeys(name for name, _ in self.mix))


class _OnPage:
    """A group of options that also stand in the form of Locust's page.

    Locust's parser marks what is added to it by itself for the form, and nothing of a group.
    """

    def __init__(self, group: Takes) -> None:
        self._group = group

    def add_argument(self, *flags: str, **settings: Any) -> argparse.Action:
        """Add an option, with its help as the words of the form.

        An option that names a file, a folder or a secret of this machine is kept off the page.
        """
        action = self._group.add_argument(*flags, **settings)
        action.include_in_web_ui = action.dest not in _OFF_PAGE  # type: ignore[attr-defined]
        return action


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add our options to Locust's parser."""
    group = _OnPage(
        parser.add_argument_group("voice", "What callers say, and through which network")
    )
    group.add_argument(
        "--network",
        default="",
        help="network profiles, separated by commas, taken in turn by calls, or in the shares that"
        " weights give: lte_poor=3,wifi_good=1 (default: the scenario's, else none)",
    )
    group.add_argument(
        "--toxiproxy",
        default="",
        help="use the Toxiproxy that runs at this URL: calls connect to its host, and the API, and"
        " while profiles are measured this machine, must be reachable from there; a token goes"
        " into TOXIPROXY_AUTH_TOKEN",
    )
    group.add_argument(
        "--toxiproxy-ports",
        default="",
        help=f"ports that proxies may listen on (default: {PORTS[0]}-{PORTS[-1]})",
    )
    group.add_argument("--profiles", default="", help="TOML file with profiles of your own")
    group.add_argument("--corpus", default="", help="corpus name, folder or manifest")
    group.add_argument(
        "--channel",
        default="",
        help="channel of the recordings that is the caller's: left, right or a number from 0",
    )
    group.add_argument("--dialogue", default="", help="TOML script of what callers say")
    group.add_argument("--turns", type=int, default=0, help="turns per call (0: the scenario's)")
    group.add_argument(
        "--after-no-answer",
        choices=("", "go_on", "hang_up"),
        default="",
        help="what a caller does after a turn without an answer: go_on or hang_up (default: the"
        " scenario's, else go_on)",
    )
    group.add_argument("--calls", type=int, default=0, help="calls in all (0: until stopped)")
    group.add_argument(
        "--arrivals",
        default="",
        help="open load: calls begin at planned instants, whether or not earlier ones have ended;"
        " a rate (30/min), a ramp (10/min..60/min, or with its length: 10/min..60/min in 5m), or"
        " a CSV file of minute,calls; --users is then the most calls at once, and a call without"
        " a free caller is dropped and counted (default: each caller calls again when the last"
        " call has ended)",
    )
    group.add_argument("--seed", type=int, default=1, help="seed of everything that is drawn")
    group.add_argument(
        "--frame-ms", type=int, default=0, help="length of an audio frame (0: the dialect's own)"
    )
    group.add_argument(
        "--silence-ms",
        type=int,
        default=None,
        help="silence the server waits for before it answers (0: the server's default; without"
        f" the option {DEFAULT_SILENCE_MS})",
    )
    group.add_argument(
        "--turn-limit-s", type=float, default=15.0, help="how long a caller waits for a response"
    )
    add_target_arguments(group)
    group.add_argument(
        "--allow-differences",
        action="store_true",
        help="go on where the server refuses the session's settings, or confirms others than the"
        " user's own",
    )
    group.add_argument(
        "--keep-session",
        action="store_true",
        help="keep the whole session, with its instructions and tools, in the run's manifest",
    )
    group.add_argument(
        "--drain-s", type=float, default=10.0, help="time for open turns when the run is stopped"
    )
    group.add_argument(
        "--carrier-api",
        default="",
        help="port of this machine, or ADDRESS:PORT, where applications end calls as over Twilio's"
        " REST API; give them http://ADDRESS:PORT in its place",
    )
    group.add_argument(
        "--prometheus",
        default="",
        help="port, or ADDRESS:PORT, to serve metrics for Prometheus at (pip install"
        " 'harness[prometheus]')",
    )
    group.add_argument(
        "--record",
        default="",
        help="keep the audio of turns beside the run, to listen to: worst=20 (of the slowest, the"
        " failed and the premature turns up to 20 each), all, or a share of the calls such as 10%%;"
        " it holds voices: record only where speakers and law allow it (default: none)",
    )
    group.add_argument(
        "--record-mb",
        type=int,
        default=MOST_MB,
        help=f"most room that recordings take on disk, in megabytes (default: {MOST_MB})",
    )
    group.add_argument("--reports", default="reports", help="folder for run directories")
    # What `harness run` says to the Locust it starts; Locust's parser keeps it off the web page.
    off_page: dict[str, Any] = {"help": argparse.SUPPRESS, "include_in_web_ui": False}
    parser.add_argument("--run-dir", default="", **off_page)
    parser.add_argument("--target-session", default="", **off_page)
    parser.add_argument("--simulator", default="", **off_page)
    parser.add_argument("--cascade", default="", **off_page)
    for flag in ("--live-line", "--simulated", "--until-stdin-closes"):
        parser.add_argument(flag, action="store_true", **off_page)


def read_options(parsed: argparse.Namespace, host: str | None, network: str = DIRECT) -> Options:
    """Return the options, checked as far as they can be without opening anything.

    Args:
        parsed: What Locust's parser found.
        host: Address of the API.
        network: The scenario's own mix of networks, for when none is asked for.

    Raises:
        BadInput: An option that no run can be made with.
    """
    if not host:
        raise BadInput(
            "no target",
            where="--host",
            hint="Give the API's address, such as ws://127.0.0.1:8765, or a host to the user class",
        )
    dialect = choose_dialect(parsed.dialect, host)
    facts = find_dialect(dialect).facts
    asked_ms = _whole(parsed.silence_ms, "--silence-ms")
    silence_ms = DEFAULT_SILENCE_MS if asked_ms is None else asked_ms
    frame_ms = parsed.frame_ms or facts.frame_ms
    checks = (
        (parsed.turns >= 0, "--turns", "must not be negative"),
        (parsed.calls >= 0, "--calls", "must not be negative"),
        (parsed.seed >= 0, "--seed", "must not be negative"),
        (10 <= frame_ms <= 200, "--frame-ms", "must be between 10 and 200"),
        (
            facts.role is Role.CLIENT or frame_ms == facts.frame_ms,
            "--frame-ms",
            f"must be {facts.frame_ms}, as {dialect} sends them",
        ),
        (0 <= silence_ms <= 10_000, "--silence-ms", "must be between 0 and 10000"),
        (1 <= parsed.turn_limit_s <= 600, "--turn-limit-s", "must be between 1 and 600"),
        (1 <= parsed.setup_limit_s <= 3600, "--setup-limit-s", "must be between 1 and 3600"),
        (is_header_name(parsed.key_header), "--key-header", "is no name of a header"),
        (
            not parsed.key_variable or VARIABLE.fullmatch(parsed.key_variable) is not None,
            "--key-variable",
            "is not the name of a variable",
        ),
        (0 <= parsed.refusal_retries <= 10, "--refusal-retries", "must be between 0 and 10"),
        (
            not (parsed.record and facts.in_text),
            "--record",
            f"cannot be: no audio goes either way in {dialect}",
        ),
        (
            # An application has one address for all its calls, and knows nothing of processes.
            not parsed.carrier_api or (getattr(parsed, "processes", None) or 1) == 1,
            "--carrier-api",
            "is for one process that holds calls, and not with --processes",
        ),
        (parsed.sessions_per_s >= 0, "--sessions-per-s", "must not be negative"),
        (parsed.sessions_per_min >= 0, "--sessions-per-min", "must not be negative"),
        (parsed.sessions_at_once >= 0, "--sessions-at-once", "must not be negative"),
        (0 <= parsed.drain_s <= 600, "--drain-s", "must be between 0 and 600"),
    )
    for holds, flag, words in checks:
        if not holds:
            raise BadInput(words, where=flag, hint="See --help for what it takes")
    return Options(
        host=host,
        mix=parse_mix(parsed.network or network),
        toxiproxy=_toxiproxy(parsed.toxiproxy),
        toxiproxy_ports=parse_ports(parsed.toxiproxy_ports),
        profiles_file=Path(parsed.profiles) if parsed.profiles else None,
        corpus=parsed.corpus or None,
        channel=channel_from(parsed.channel),
        dialect=dialect,
        model=parsed.model,
        agent_first=parsed.agent_first,
        dialogue=Path(parsed.dialogue) if parsed.dialogue else None,
        turns=parsed.turns or None,
        after_no_answer=parsed.after_no_answer,
        calls=parsed.calls or None,
        arrivals=parsed.arrivals,
        seed=parsed.seed,
        frame_ms=frame_ms,
        silence_ms=silence_ms or None,
        silence_given=asked_ms is not None,
        session=SessionWishes(parsed.session, "--session"),
        target_session=SessionWishes(parsed.target_session, "session of the target"),
        allow_differences=parsed.allow_differences,
        keep_session=parsed.keep_session,
        limit_s=parsed.turn_limit_s,
        setup_limit_s=parsed.setup_limit_s,
        key_header=parsed.key_header,
        key_variable=parsed.key_variable,
        ephemeral_keys=parsed.ephemeral_keys,
        limits=TargetLimits(
            per_s=parsed.sessions_per_s,
            per_min=parsed.sessions_per_min,
            at_once=parsed.sessions_at_once,
        ),
        refusal_retries=parsed.refusal_retries,
        drain_s=parsed.drain_s,
        authority=Path(parsed.ca) if parsed.ca else None,
        record=parse_record(parsed.record, parsed.record_mb),
        reports=Path(parsed.reports),
        run_dir=Path(parsed.run_dir) if parsed.run_dir else None,
        live_line=parsed.live_line,
        simulated=parsed.simulated,
        class_hosts=getattr(parsed, "class_hosts", False),
        cascade=parsed.cascade,
        until_stdin_closes=parsed.until_stdin_closes,
        carrier_api=parse_listen_address(_near(parsed.carrier_api), "--carrier-api"),
        prometheus=parse_listen_address(parsed.prometheus, "--prometheus"),
        otel=bool(getattr(parsed, "otel_asked", False)),
    )


def _near(listen: str) -> str:
    """Return where to listen; a port alone is one of this machine, which nobody else reaches."""
    return f"127.0.0.1:{listen}" if listen and ":" not in listen else listen


def _whole(given: object, flag: str) -> int | None:
    """Return a number that Locust's form gives as text, `None` where nothing was given."""
    if given in (None, ""):
        return None
    try:
        return int(str(given))
    except ValueError:
        raise BadInput("must be a whole number", where=flag) from None


def is_name_of_secret(name: str) -> bool:
    """Return whether a setting in a file is called as keys and passwords are."""
    return _KEY_NAMES.fullmatch(name) is not None


def _toxiproxy(url: str) -> ApiAddress | None:
    return parse_api(url, secret("TOXIPROXY_AUTH_TOKEN")) if url else None
