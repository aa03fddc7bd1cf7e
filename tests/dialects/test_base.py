"""What holds of every dialect: it reads what its vendor documents, and survives everything else."""

import contextlib
import copy
import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dialects import DIALECTS, DialectSession, MalformedMessage, find_dialect
from harness.model import (
    AudioDelta,
    BinaryMessage,
    CommitTurn,
    Event,
    PlaybackMark,
    RequestResponse,
    SessionConfigured,
    ToolCall,
    ToolResult,
)
from tests.dialects.published import PUBLISHED, Json, filled

IDENTITY = "0123456789abcdef0123456789abcdef"
# Of anything that the other side makes a session remember.
MOST_KEPT = 1_000


def test_every_dialect_has_published_messages() -> None:
    # Frames of Pipecat are no JSON; they are in a test of their own, as it writes them.
    assert PUBLISHED.keys() | {"pipecat"} == DIALECTS.keys()


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_the_vendor_documents_is_understood(name: str) -> None:
    session = find_dialect(name).open(IDENTITY)
    for message, expected in PUBLISHED[name].heard:
        events = session.parse(filled(message, session.identifier, 1))
        assert tuple(type(event).__name__ for event in events) == (expected or ("Notice",)), message


def _kinds(value: Any) -> Any:
    """Return what a message is made of: its keys, and the kinds of its values."""
    if isinstance(value, dict):
        return {key: _kinds(below) for key, below in value.items()}
    return [_kinds(below) for below in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("name", [name for name, found in PUBLISHED.items() if found.sent])
def test_what_a_carrier_documents_is_what_we_send(name: str) -> None:
    dialect, published = find_dialect(name), PUBLISHED[name].sent
    session = dialect.open(IDENTITY)
    first = [json.loads(text) for text in session.opening()]
    ours = dict(zip(("connected", "start")[-len(first) :], first, strict=True))
    if dialect.facts.stamps_frames:
        ours["media"] = json.loads(session.frame(dialect.append_audio(bytes(320))))
    mark = "greeting" if dialect.facts.stamps_frames else '{"reply":"mark 0"}'
    for text in session.mark_played(mark):
        ours["mark"] = json.loads(text)
    for text in session.closing():
        ours["stop"] = json.loads(text)
    for kind, message in published.items():
        assert _kinds(ours[kind]) == _kinds(message), kind
    numbered = ("sequenceNumber", "sequence_number")
    for kind in ("start", "media"):
        for key in numbered:
            if key in published.get(kind, {}):
                assert ours[kind][key] == published[kind][key]


# -- anything, in any order -----------------------------------------------------------------------

STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 7, 2**70, 1e308, "", "x", "A" * 400, "\ud800", "\0", [], [None], {}, [{}]]
)


@st.composite
def messages(draw: st.DrawFn, known: list[Json], stream: str) -> bytes:
    """Draw a message: a legal one, a spoilt one, or something that is none."""
    number = draw(st.integers(0, 3))
    match draw(st.integers(0, 5)):
        case 0:
            return BinaryMessage(draw(st.binary(max_size=9)))
        case 1:
            return draw(st.one_of(st.binary(max_size=9), st.just(b"null"), st.just(b"[]")))
        case 2:
            text = filled(draw(st.sampled_from(known)), stream, number)
            at = draw(st.integers(0, len(text) - 1))
            return text[:at] + draw(st.binary(max_size=2)) + text[at + 1 :]
        case 3:
            return filled(draw(st.sampled_from(known)), stream, number)
    message = copy.deepcopy(draw(st.sampled_from(known)))
    place: Any = message
    while True:
        key = draw(st.sampled_from(list(place) if isinstance(place, dict) else range(len(place))))
        below = place[key]
        if not isinstance(below, dict | list) or not below or draw(st.booleans()):
            break
        place = below
    if isinstance(place, dict) and draw(st.booleans()):
        del place[key]
    else:
        place[key] = draw(STRANGE)
    return filled(message, stream, number)


def _actions(session: DialectSession, frame: bytes) -> list[Callable[[], object]]:
    """Return what our side may do at any time."""
    return [
        session.opening,
        session.closing,
        session.playback_cleared,
        lambda: session.frame(frame),
        lambda: session.mark_played("{}"),
        lambda: session.request(RequestResponse()),
        lambda: session.request(CommitTurn()),
        lambda: session.request(ToolResult("call_1", "{}")),
    ]


@pytest.mark.parametrize("name", PUBLISHED)
@settings(max_examples=60)
@given(data=st.data())
def test_nothing_that_comes_in_any_order_breaks_a_session(name: str, data: st.DataObject) -> None:
    dialect = find_dialect(name)
    session, audio = dialect.open(IDENTITY), dialect.audio
    known = [message for message, _ in PUBLISHED[name].heard]
    actions = _actions(session, dialect.append_audio(bytes(160)))
    comes = st.one_of(messages(known, session.identifier), st.sampled_from(actions))
    for came in data.draw(st.lists(comes, max_size=12)):
        if not isinstance(came, bytes):
            came()
            continue
        try:
            events = session.parse(came)
        except MalformedMessage:
            continue
        assert all(isinstance(event, get_args(Event)) for event in events)
        deltas = [event for event in events if isinstance(event, AudioDelta)]
        assert sum(len(delta.audio) for delta in deltas) <= len(came), "audio that did not come"
        for event in events:
            if isinstance(event, SessionConfigured) and event.output is not None:
                audio = event.output
            if isinstance(event, PlaybackMark):
                session.mark_played(event.name)
            if isinstance(event, ToolCall):
                session.request(ToolResult(event.call_id, "{}"))
        for delta in deltas:
            samples = dialect.decoder(audio).decode(delta.audio)
            assert len(samples) * audio.encoding.bytes_per_sample <= len(delta.audio)
    assert _most_kept(session) <= MOST_KEPT


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_byte_that_is_no_text_breaks_no_session(name: str) -> None:
    session = find_dialect(name).open(IDENTITY)
    for text in PUBLISHED[name].texts(session.identifier):
        for at in range(len(text)):
            with contextlib.suppress(MalformedMessage):
                session.parse(text[:at] + b"\xff" + text[at + 1 :])


@pytest.mark.parametrize("name", PUBLISHED)
def test_no_other_side_fills_our_memory(name: str) -> None:
    session = find_dialect(name).open(IDENTITY)
    for number in range(MOST_KEPT + 100):
        for text in PUBLISHED[name].texts(session.identifier, number):
            session.parse(text)
    assert _most_kept(session) <= MOST_KEPT


def _most_kept(session: DialectSession) -> int:
    """Return how much the fullest of a session's own containers holds."""
    slots = [name for kind in type(session).__mro__ for name in getattr(kind, "__slots__", ())]
    held = vars(session) if hasattr(session, "__dict__") else {}
    values = [*held.values(), *(getattr(session, name, None) for name in slots)]
    return max((len(value) for value in values if hasattr(value, "__len__")), default=0)
