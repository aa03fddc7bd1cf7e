"""One call to a target, looked at closely: what it is like, and what it does not tell."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import gevent

from harness.clock import NS_PER_S, now_ns
from harness.corpus import Corpus
from harness.dialects import Dialect, SessionSettings
from harness.load.engine import AudioEngine
from harness.load.ingredients import make_schedule, the_route
from harness.load.options import Options
from harness.load.preflight import refusal, visit
from harness.load.speech import encode_corpus
from harness.model import AudioFormat, Event, Request, SessionRecord, TurnRecord
from harness.session import Dialogue, Session
from harness.session.telling import Telling

_POLL_S = 0.02
_SETUP_LIMIT_S = 30.0
_SPEECH_LIMIT_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """What one call found.

    Attributes:
        session: The session.
        turns: Its turns.
        told: Which kinds of event came, for `session.telling.untold`.
    """

    session: SessionRecord
    turns: tuple[TurnRecord, ...]
    told: frozenset[str]


class _Overheard:
    """A dialect whose every event is noted on its way."""

    def __init__(self, dialect: Dialect, note: Callable[[Event], None]) -> None:
        self._dialect, self._note = dialect, note
        self.name, self.default_model = dialect.name, dialect.default_model
        self.audio: AudioFormat = dialect.audio

    def path(self, settings: SessionSettings) -> str:
        return self._dialect.path(settings)

    def headers(self, api_key: str | None) -> list[tuple[str, str]]:
        return self._dialect.headers(api_key)

    def configure(self, settings: SessionSettings) -> list[bytes]:
        return self._dialect.configure(settings)

    def append_audio(self, frame: bytes) -> bytes:
        return self._dialect.append_audio(frame)

    def request(self, request: Request) -> bytes:
        return self._dialect.request(request)

    def parse(self, message: bytes) -> Event:
        event = self._dialect.parse(message)
        self._note(event)
        return event


def check(options: Options, dialect: Dialect, corpus: Corpus, turns: int) -> Checkup:
    """Hold one call of a few turns, directly.

    Raises:
        BadInput: The target opens no session.
    """
    telling = Telling()
    route = replace(the_route(options, dialect), dialect=_Overheard(dialect, telling.note))
    schedule = make_schedule(options, Dialogue(turns=turns), corpus)
    plan = schedule.call(0)
    said = tuple(clip for clip in corpus.clips if clip.id in plan.utterance_ids)
    spoken = replace(corpus, clips=said)
    lines, manner = encode_corpus(spoken, dialect, options.frame_ms, options.limit_s)
    engine = AudioEngine()
    engine.start()
    try:
        fault = engine.run(visit(route))
        if fault is not None:
            raise refusal(route, fault)
        session = Session(
            plan,
            [lines[name] for name in plan.utterance_ids],
            manner=manner,
            origin_ns=now_ns(),
            scheduled_ns=now_ns(),
        )
        engine.hold(session, route)
        patience_s = _SETUP_LIMIT_S + turns * (options.limit_s + _SPEECH_LIMIT_S)
        record, heard = _wait(engine, now_ns() + round(patience_s * NS_PER_S))
    finally:
        engine.stop()
    return Checkup(session=record, turns=tuple(heard), told=telling.told)


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
