"""One call to a target, looked at closely: what it is like, and which events it does not send."""

from dataclasses import dataclass, replace
from pathlib import Path

import gevent

from harness.clock import now_ns
from harness.corpus import Corpus
from harness.dialects import Dialect, SessionSettings, SessionWishes
from harness.engine.engine import AudioEngine
from harness.engine.preflight import refusal, try_session
from harness.engine.route import BEARER, REFUSAL_RETRIES, SETUP_LIMIT_S, resolve_route
from harness.engine.speech import encode_corpus
from harness.model import (
    DIRECT,
    NS_PER_S,
    SessionRecord,
    TurnRecord,
    ns_from_samples,
)
from harness.plan import Dialogue, Seeds, draw_call
from harness.session import Caller
from harness.session.event_coverage import EventCoverage

NO_WISHES = SessionWishes()
_POLL_S = 0.02
_SPEECH_LIMIT_S = 15.0
_TURN_LIMIT_S, _SILENCE_MS, _SEED = 15.0, 500, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCheck:
    """What one call found.

    Attributes:
        target: Its address, without credentials and query.
        first_session_s: How long a session took before the one that was looked at, from opening
            it until it had been closed.
        session: The session.
        turns: Its turns.
        seen: Which kinds of event came, for `session.event_coverage.missing_events`.
    """

    target: str
    first_session_s: float
    session: SessionRecord
    turns: tuple[TurnRecord, ...]
    seen: frozenset[str]


def check(
    host: str,
    dialect: Dialect,
    corpus: Corpus,
    turns: int,
    *,
    model: str = "",
    authority: Path | None = None,
    key_header: str = BEARER,
    key_variable: str = "",
    setup_limit_s: float = SETUP_LIMIT_S,
    refusal_retries: int = REFUSAL_RETRIES,
    ephemeral_keys: bool = False,
    agent_first: bool = False,
    wishes: SessionWishes = NO_WISHES,
) -> TargetCheck:
    """Hold one call of a few turns, directly.

    Args:
        host: Address of the API.
        dialect: The API's words.
        corpus: What can be said.
        turns: How many turns the call has.
        model: Model to ask for, empty for the dialect's default.
        authority: File of certificates to trust in place of the system's.
        key_header: The header that the key is sent in.
        key_variable: The variable that holds the key; empty for the usual ones.
        setup_limit_s: How long the session may take to exist.
        refusal_retries: How often a session is tried again that was refused by a full server.
        ephemeral_keys: Each session is opened with a key of its own, made with the real one.
        agent_first: The caller hears out a greeting before it speaks.
        wishes: The user's own session.

    Raises:
        BadInput: The target opens no session.
    """
    coverage = EventCoverage()
    settings = SessionSettings(model=model, silence_ms=_SILENCE_MS, wishes=wishes)
    frame_ms = dialect.facts.frame_ms
    route = resolve_route(
        host,
        dialect,
        settings,
        frame_ms=frame_ms,
        authority=authority,
        key_header=key_header,
        key_variable=key_variable,
        setup_limit_s=setup_limit_s,
        refusal_retries=refusal_retries,
        ephemeral_keys=ephemeral_keys,
    )
    audio = dialect.audio
    plan = draw_call(
        0,
        seeds=Seeds.from_one(_SEED),
        dialogue=Dialogue(turns=turns, agent_speaks_first=agent_first),
        utterance_ids=[clip.id for clip in corpus.clips],
        network=DIRECT,
        frame_ns=ns_from_samples(audio.frame_samples(frame_ms), audio.rate_hz),
    )
    said = tuple(clip for clip in corpus.clips if clip.id in plan.utterance_ids)
    spoken = replace(corpus, clips=said)
    utterances, wire_format = encode_corpus(spoken, dialect, frame_ms, _TURN_LIMIT_S)
    engine = AudioEngine()
    engine.start()
    try:
        began_ns = now_ns()
        fault = engine.run(try_session(route))
        first_session_s = (now_ns() - began_ns) / NS_PER_S
        if fault is not None:
            raise refusal(route, fault)
        session = Caller(
            plan,
            [utterances[name] for name in plan.utterance_ids],
            wire_format=wire_format,
            origin_ns=now_ns(),
            scheduled_ns=now_ns(),
            commits=dialect.commits(settings),
        )
        engine.hold(session, route, coverage.note)
        patience_s = 2 * setup_limit_s + turns * (_TURN_LIMIT_S + _SPEECH_LIMIT_S)
        record, heard = _wait(engine, now_ns() + round(patience_s * NS_PER_S))
    finally:
        engine.stop()
    where = route.address
    return TargetCheck(
        target=where,
        first_session_s=first_session_s,
        session=record,
        turns=tuple(heard),
        seen=coverage.seen,
    )


def _wait(engine: AudioEngine, give_up_ns: int) -> tuple[SessionRecord, list[TurnRecord]]:
    turns: list[TurnRecord] = []
    while True:
        for outcome in engine.take_outcomes():
            turns += outcome.turns
            if outcome.session is not None:
                return outcome.session, turns
        if now_ns() > give_up_ns:
            engine.abandon()
            give_up_ns += NS_PER_S
        gevent.sleep(_POLL_S)
