"""How a turn ended, classified by what was seen of it."""

from dataclasses import dataclass

from harness.errors import Fault, Party, Phase
from harness.model import (
    ERROR_LIMIT_NS,
    NS_PER_MS,
    ProviderError,
    ResponseDone,
    ResponseStatus,
    TurnStatus,
)
from harness.session.playout.audio_flaw import AudioFlaw


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFacts:
    """What was seen of a turn when it ended.

    Attributes:
        late_ns: How late the frames left that the server decides by; `None` before the one that
            ends speech.
        held_up_ns: How late a frame was, before the answer was heard, so that the plan of the call
            moved; 0 for none.
        arrival_error_ns: How much earlier than its stamp the first audible sample may have arrived.
        flaw: What is wrong with the audio.
        heard_ns: First audible sample, from the end of speech; `None` when nothing was heard.
        phase: What the turn was waiting for.
        limit_ns: How long it waited at most.
        done: How the last response ended, `None` when none has.
        broken: How a response ended that was heard from and did not complete; `None` for none.
        unfinished: Something was heard, and more of it was still to come or to be played.
        unended: How a response failed whose end never came, though nobody stopped it.
        error: The last error message.
        begun: A response was announced, or audio came.
        audio: Audio came.
        text: Text came.
        tool: A tool was called.
        awaits_answer: A tool was called, and of the response to its result nothing was heard.
        owed: That response has not begun.
        in_text: The response was to come as text.
    """

    late_ns: int | None
    arrival_error_ns: int = 0
    held_up_ns: int
    flaw: AudioFlaw
    heard_ns: int | None
    phase: Phase
    limit_ns: int
    done: ResponseDone | None
    broken: ResponseDone | None
    unfinished: bool
    unended: ResponseDone | None = None
    error: ProviderError | None
    begun: bool
    audio: bool
    text: bool
    tool: bool
    awaits_answer: bool
    owed: bool
    in_text: bool = False


def classify(seen: TurnFacts, cut: Fault | None) -> tuple[TurnStatus, Fault | None]:
    """Return how the turn ended, and why unless it was completed.

    What is said before a tool is called is not the answer: a turn that waits for one has not been
    completed.

    Args:
        seen: What was seen.
        cut: Why the turn was cut short from outside, `None` when it ended by itself.
    """
    if seen.held_up_ns:
        words = f"frames were held up for {seen.held_up_ns / NS_PER_MS:.0f} ms, and the call after"
        return TurnStatus.VOID, Fault(Party.OURS, Phase.SEND, "held_up", words)
    if seen.late_ns is not None and seen.late_ns > ERROR_LIMIT_NS:
        words = f"a frame that the server decides by left {seen.late_ns / NS_PER_MS:.1f} ms late"
        return TurnStatus.VOID, Fault(Party.OURS, Phase.SEND, "late_send", words)
    if seen.flaw.undecodable and (cut is None or seen.heard_ns is not None):
        words = f"{seen.flaw.undecodable} audio deltas before anything audible could not be decoded"
        return TurnStatus.FAILED, Fault(Party.THEIRS, Phase.RESPONSE, "undecodable_audio", words)
    error_ns = (seen.late_ns or 0) + seen.arrival_error_ns
    if seen.heard_ns is not None and error_ns > ERROR_LIMIT_NS:
        words = f"its latency may be wrong by {error_ns / NS_PER_MS:.1f} ms through us"
        return TurnStatus.VOID, Fault(Party.OURS, Phase.PLAYOUT, "error_bound", words)
    if seen.flaw.misread:
        return TurnStatus.FAILED, Fault(
            Party.THEIRS, Phase.RESPONSE, "undecodable_audio", seen.flaw.misread
        )
    if seen.flaw.doubt:
        return TurnStatus.VOID, Fault(Party.OURS, Phase.PLAYOUT, "onset_unknown", seen.flaw.doubt)
    if seen.heard_ns is not None and not seen.awaits_answer:
        return _heard(seen, seen.heard_ns, cut)
    if cut is not None:
        return (TurnStatus.VOID if cut.party is Party.OURS else TurnStatus.CLOSED), cut
    return _unheard(seen)


def _heard(seen: TurnFacts, heard_ns: int, cut: Fault | None) -> tuple[TurnStatus, Fault | None]:
    """Return the status of a turn that was heard: a later failure still counts."""
    if seen.broken is not None:
        return TurnStatus.BROKEN_OFF, _failure(seen.broken, Phase.PLAYOUT)
    if cut is not None and cut.party is not Party.OURS and seen.unfinished:
        return TurnStatus.BROKEN_OFF, cut
    if cut is None and seen.unended is not None:
        return TurnStatus.BROKEN_OFF, _failure(seen.unended, Phase.PLAYOUT)
    return (TurnStatus.PREMATURE if heard_ns < 0 else TurnStatus.COMPLETED), cut


def _failure(done: ResponseDone, phase: Phase) -> Fault:
    return Fault(Party.THEIRS, phase, done.code or done.status.value, done.detail)


def _unheard(seen: TurnFacts) -> tuple[TurnStatus, Fault]:
    done, error, limit_s = seen.done, seen.error, seen.limit_ns / 1e9
    if seen.owed:
        words = f"a tool was called, and no answer came within {limit_s:g} s"
        return TurnStatus.TIMEOUT, Fault(Party.THEIRS, Phase.RESPONSE, "no_answer", words)
    if done is not None:
        if done.status is ResponseStatus.COMPLETED:
            return TurnStatus.NO_REPLY, _nothing_spoken(seen)
        return TurnStatus.FAILED, _failure(done, Phase.RESPONSE)
    words = f"{'no text' if seen.in_text else 'nothing audible'} within {limit_s:g} s"
    if error is not None:
        words = f"{words}; last error {error.code}: {error.detail}"
    party = Party.UNKNOWN if error is None else Party.THEIRS
    if not seen.begun:
        return TurnStatus.NO_REPLY, Fault(party, seen.phase, "no_reply", words)
    return TurnStatus.TIMEOUT, Fault(party, Phase.RESPONSE, "timeout", words)


def _nothing_spoken(seen: TurnFacts) -> Fault:
    """Return why a response that ended well could not be heard."""
    if seen.awaits_answer:
        code, words = "no_answer", "a tool was called, and the answer was not spoken"
    elif seen.audio:
        code, words = "silent_reply", "no audible audio"
    elif seen.tool:
        code, words = "tool_call", "the response was a tool call, and none is answered"
    elif seen.text:
        code, words = "text_only", "the response was text without audio"
    else:
        code, words = "empty_reply", "the response held nothing"
    return Fault(Party.THEIRS, Phase.RESPONSE, code, words)
