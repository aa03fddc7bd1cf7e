"""`harness doctor`: what this machine has, and what a target does and does not report."""

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.analysis import BY_NAME, has_failed, headline_of, session_latency, turn_latency
from harness.cli.declared_options import DeclaredOptions
from harness.cli.terminal import TerminalProgress
from harness.corpus import KNOWN_CORPORA, channel_from, obtain_corpus
from harness.dialects import SessionWishes, choose_dialect, find_dialect
from harness.engine.thread_priority import realtime_allowed
from harness.environment import api_key, cache_dir
from harness.errors import ExitCode
from harness.load.session_file import resolve_sessions
from harness.load.target_options import add_target_arguments
from harness.load.targets import resolve_target
from harness.model import NS_PER_MS, SessionRecord
from harness.session.event_coverage import missing_events

if TYPE_CHECKING:
    from harness.engine.target_check import TargetCheck

_STAGES = {
    "ephemeral key": "ephemeral_key",
    "TCP": "tcp_connect",
    "TLS": "tls_handshake",
    "upgrade": "upgrade",
    "session": "session_created",
}

_AUDIO_THREAD = {
    True: "real-time: has priority over other programs",
    False: "ordinary: waits for busy programs; `rtprio` in limits.conf would allow real-time",
}  # Servers that are warm have a session within a second.
_SLOW_S = 5.0
_SLOW_HINT = "a server that starts cold may need --setup-limit-s"


# Declared once, for Locust's parser.
_TARGET = DeclaredOptions(add_target_arguments)


@click.command(name="doctor")
@click.argument("target", required=False)
@click.option("--turns", type=click.IntRange(1, 20), default=2, help="Turns of the call.")
@click.option("--corpus", help="Corpus name or folder of recordings.")
@click.option("--channel", metavar="left|right|N", help="The caller's channel of them.")
def command(
    target: str | None, turns: int, corpus: str | None, channel: str | None, **given: Any
) -> int:
    """Say what this machine has; hold one call with TARGET and say what it is like.

    The call costs what a call of so many turns costs. Exit code 1 when no turn was heard.
    """
    _machine()
    if target is None:
        return ExitCode.PASS
    asked = _TARGET.read(_TARGET.words(given))
    target = resolve_target(asked, target) or target
    resolve_sessions(asked)
    # The audio engine, which only a call needs.
    from harness.engine.target_check import check

    of_target = SessionWishes(getattr(asked, "target_session", ""), "session of the target")
    with TerminalProgress() as progress:
        speech = obtain_corpus(corpus, cache_dir(), progress, channel=channel_from(channel))
        progress.step(f"Holding one call of {turns} turns")
        found = check(
            target,
            find_dialect(choose_dialect(asked.dialect, target)),
            speech,
            turns,
            model=asked.model,
            authority=Path(asked.ca) if asked.ca else None,
            key_header=asked.key_header,
            key_variable=asked.key_variable,
            setup_limit_s=asked.setup_limit_s,
            refusal_retries=asked.refusal_retries,
            ephemeral_keys=asked.ephemeral_keys,
            agent_first=asked.agent_first,
            wishes=SessionWishes(asked.session, "--session").over(of_target),
        )
    return show_target(target, found)


command.params += _TARGET.click_options()


def _machine() -> None:
    from harness.network import installed

    cache = cache_dir()
    cached = [known.name for known in KNOWN_CORPORA if known.cached(cache)]
    _say("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    _say("cache", str(cache))
    _say("speech", ", ".join(cached) or "none yet; harness corpus fetch obtains some")
    server = installed(cache)
    _say("toxiproxy", "not here yet; harness network install" if server is None else str(server))
    _say("audio thread", _AUDIO_THREAD[realtime_allowed()])
    _say("key", "set in the environment" if api_key() else "none in the environment")


def show_target(target: str, found: "TargetCheck") -> int:
    """Print what one call to a target found; return the exit code."""
    session = found.session
    click.echo()
    _say("target", found.target)
    for name, metric in _STAGES.items():
        if (stage := session_latency(BY_NAME[metric], session)) is not None:
            _say(name, f"{stage.ms:.1f} ms")
    if found.first_session_s > _SLOW_S:
        _say("slow start", f"the first session took {found.first_session_s:.1f} s; {_SLOW_HINT}")
    if session.round_trips_ns:
        _say("round trip", f"{min(session.round_trips_ns) / NS_PER_MS:.1f} ms at best")
    _session(session)
    heard = 0
    for turn in found.turns:
        whole = headline_of([turn])
        latency = turn_latency(whole, turn)
        name, fault = f"turn {turn.turn_index + 1}", f": {turn.fault}" if has_failed(turn) else ""
        if latency is None or latency.censored:
            _say(name, f"{turn.status}{fault}")
            continue
        heard += 1
        _say(name, f"{turn.status}, {whole.title.lower()} {latency.ms:.0f} ms{fault}")
    if session.fault is not None:
        _say("ended", str(session.fault))
    for words in missing_events(found.seen) if heard else ():
        _say("not reported", words)
    return ExitCode.PASS if heard else ExitCode.FAIL


def _session(session: SessionRecord) -> None:
    """Print how the session differs from the one that was asked for."""
    _say("turn detection", session.acknowledged or "not acknowledged")
    if session.settings_refused:
        _say("settings", f"refused: {session.settings_refused}")
    elif session.settings_acknowledged is False:
        _say("settings", "not acknowledged: whether they were taken is not known")
    for words in session.differs:
        _say("acknowledged", words)
    if session.old_names:
        _say("old names", f"messages came as {', '.join(session.old_names)}, and were understood")
    if session.unreadable_messages:
        _say("unreadable", f"{session.unreadable_messages} messages could not be read")


def _say(name: str, words: str) -> None:
    click.echo(f"{name:<16}{words}")
