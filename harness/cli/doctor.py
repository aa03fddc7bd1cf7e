"""`harness doctor`: what this machine has, and what a target is like and does not tell."""

import platform
from pathlib import Path

import click

from harness.cli.terminal import TerminalProgress
from harness.corpus import KNOWN_CORPORA, obtain_corpus
from harness.dialects import OpenAIRealtime
from harness.engine.target_check import TargetCheck, check
from harness.environment import api_key, cache_dir
from harness.errors import ExitCode
from harness.model import NS_PER_MS, SessionRecord
from harness.network import installed
from harness.session.event_coverage import missing_events


@click.command(name="doctor")
@click.argument("target", required=False)
@click.option("--turns", type=click.IntRange(1, 20), default=2, help="Turns of the call.")
@click.option("--corpus", help="Corpus name or folder of recordings.")
@click.option("--model", default="", help="Model to ask for.")
@click.option("--ca", type=click.Path(), help="Certificates to trust for wss.")
def command(target: str | None, turns: int, corpus: str | None, model: str, ca: str | None) -> int:
    """Say what this machine has; hold one call with TARGET and say what it is like.

    The call costs what a call of so many turns costs. Exit code 1 when no turn was heard.
    """
    _machine()
    if target is None:
        return ExitCode.PASS
    authority = None if ca is None else Path(ca)
    with TerminalProgress() as progress:
        speech = obtain_corpus(corpus, cache_dir(), progress)
        progress.step(f"Holding one call of {turns} turns")
        found = check(target, OpenAIRealtime(), speech, turns, model=model, authority=authority)
    return _target(target, found)


def _machine() -> None:
    cache = cache_dir()
    cached = [known.name for known in KNOWN_CORPORA if known.cached(cache)]
    _say("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    _say("cache", str(cache))
    _say("speech", ", ".join(cached) or "none yet; harness corpus fetch obtains some")
    server = installed(cache)
    _say("toxiproxy", "not here yet; harness network install" if server is None else str(server))
    _say("key", "set in the environment" if api_key() else "none in the environment")


def _target(target: str, found: TargetCheck) -> int:
    session = found.session
    click.echo()
    _say("target", target.partition("?")[0])
    for name, start_ns, end_ns in _stages(session):
        if start_ns is not None and end_ns is not None:
            _say(name, f"{(end_ns - start_ns) / NS_PER_MS:.1f} ms")
    if session.round_trips_ns:
        _say("round trip", f"{min(session.round_trips_ns) / NS_PER_MS:.1f} ms at best")
    _say("turn detection", session.acknowledged or "not acknowledged")
    heard = 0
    for turn in found.turns:
        at = turn.at
        if at.first_audible_ns is None or at.speech_end_ns is None:
            _say(f"turn {turn.turn_index + 1}", f"{turn.status}: {turn.fault}")
            continue
        heard += 1
        latency_ms = (at.first_audible_ns - at.speech_end_ns) / NS_PER_MS
        _say(f"turn {turn.turn_index + 1}", f"{turn.status}, voice to voice {latency_ms:.0f} ms")
    if session.fault is not None:
        _say("ended", str(session.fault))
    for words in missing_events(found.told) if heard else ():
        _say("does not tell", words)
    return ExitCode.PASS if heard else ExitCode.FAIL


def _stages(session: SessionRecord) -> tuple[tuple[str, int | None, int | None], ...]:
    stood_ns = session.reached_ns if session.secured_ns is None else session.secured_ns
    return (
        ("TCP", session.open_start_ns, session.reached_ns),
        ("TLS", session.reached_ns, session.secured_ns),
        ("upgrade", stood_ns, session.connected_ns),
        ("session", session.connected_ns, session.ready_ns),
    )


def _say(name: str, words: str) -> None:
    click.echo(f"{name:<16}{words}")
