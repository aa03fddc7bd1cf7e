"""The record of a turn, put together once from what its parts noted."""

from collections.abc import Mapping
from dataclasses import replace

from harness.errors import Fault, sanitised
from harness.model import NS_PER_MS, BehaviourOutcome, TurnRecord, TurnStatus
from harness.session.playout.response_audio import ResponseAudio
from harness.session.playout.spoken_text import SpokenText
from harness.session.sent_frames import SentFrames
from harness.session.turn.barge_in import BargeInEffect
from harness.session.turn.instants import InstantNotes
from harness.session.turn.network_lateness import NetworkLateness, late_ns
from harness.session.turn.planned_speech import PlannedSpeech
from harness.session.turn.token_sum import TokenSum


def turn_record(
    spoken: PlannedSpeech,
    sending: SentFrames,
    audio: ResponseAudio | SpokenText,
    noted: InstantNotes,
    tokens: TokenSum,
    provider_ids: Mapping[str, str],
    *,
    responses: int | None = None,
    status: TurnStatus,
    fault: Fault | None,
    origin_ns: int,
    now_ns: int | None,
    behaviour: BehaviourOutcome | None,
    barge_in: BargeInEffect | None,
    lateness: NetworkLateness | None,
) -> TurnRecord:
    """Return the record of a turn that has ended.

    Args:
        spoken: What the caller said.
        sending: What went out of it.
        audio: What was heard, or came as text.
        noted: Instants.
        tokens: Tokens that the provider counted.
        provider_ids: The provider's identifiers, as the server wrote them.
        responses: How many responses the turn had, `None` where they have no names.
        status: How the turn ended.
        fault: Why; that of an interruption stands where this is `None`.
        origin_ns: Run start; recorded instants count from it.
        now_ns: When the caller stopped listening, `None` for one who heard it out.
        behaviour: What came of the planned behaviour.
        barge_in: What came of its interruption of the response before, `None` for none.
        lateness: Returns how far the network was from its plan; `None` where it is not to change.
    """
    at, bound = noted.instants(origin_ns, spoken, sending, audio, barge_in), audio.bound
    return TurnRecord(
        session_id=spoken.session_id,
        turn_index=spoken.turn_index,
        kind=noted.kind(spoken.turn_index, interrupts=barge_in is not None),
        status=status,
        network=spoken.network,
        utterance_id=spoken.utterance_id,
        condition=spoken.condition,
        original_id=spoken.original_id,
        user_class=spoken.user_class,
        limit_ms=spoken.limit_ns / NS_PER_MS,
        at=at,
        counts=replace(audio.counts(now_ns, sending), responses=responses),
        fault=fault or (None if barge_in is None else barge_in.fault),
        # What the server wrote is compared and sent back as it is, and cleaned only here.
        provider_ids={name: sanitised(given) for name, given in provider_ids.items()},
        speech_end_sample=None if audio.in_text else spoken.end_sample,
        in_text=audio.in_text,
        send_lateness_max_ns=sending.late_max_ns if sending.frames else None,
        endpoint_lateness_ns=sending.endpoint_late_ns(spoken.end_due_ns),
        arrival_uncertainty_ns=None if bound is None else bound.uncertainty_ns,
        processing_delay_ns=None if bound is None else bound.delay_ns,
        usage=tokens.told,
        responses_untold=tokens.untold,
        behaviour=behaviour,
        think_asked_ns=spoken.think_asked_ns,
        think_ns=spoken.think_ns,
        network_late_ns=late_ns(lateness, spoken.session_id, at, origin_ns),
    )
