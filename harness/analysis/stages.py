"""Where the time of a cascade's turns went: its own log of stages, joined to the turns.

The stages follow one another: for every turn that was heard they add up to voice to voice. A turn
that failed in one stage has those before it.
"""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from harness.analysis.accuracy import since_speech_ms
from harness.analysis.metrics import Metric, heard_ms
from harness.analysis.quantiles import Sample
from harness.analysis.rounding import rounded
from harness.model import NS_PER_MS, CascadeSummary, StageRecord, TurnRecord, TurnStatus

_ENDPOINT = Metric(
    name="endpoint",
    title="Endpoint",
    start=(),
    end="endpoint_ns",
    definition="arrival of the end of the caller's speech at the cascade to its decision that the"
    " caller has finished",
)
_DELIVERY = Metric(
    name="delivery",
    title="Delivery",
    start=("first_audio_sent_ns",),
    end="",
    definition="voice to voice less all that came before: the network both ways, and silence at"
    " the head of the response",
)
_MOST_FAILURES = 20
CASCADE_STAGES = (
    _ENDPOINT,
    Metric(
        name="stt",
        title="STT",
        start=("endpoint_ns",),
        end="transcript_ns",
        definition="decision that the caller has finished to the final transcript",
    ),
    Metric(
        name="llm_first_token",
        title="LLM first token",
        start=("transcript_ns",),
        end="first_token_ns",
        definition="final transcript to the first piece of the answer's text",
    ),
    Metric(
        name="llm_first_sentence",
        title="LLM first sentence",
        start=("first_token_ns",),
        end="first_sentence_ns",
        definition="first piece of the answer's text to its first whole sentence, which goes to"
        " TTS",
    ),
    Metric(
        name="tts_first_byte",
        title="TTS first byte",
        start=("first_sentence_ns",),
        end="tts_first_byte_ns",
        definition="first sentence sent to TTS to the first audio of it",
    ),
    Metric(
        name="sending",
        title="Sending",
        start=("tts_first_byte_ns",),
        end="first_audio_sent_ns",
        definition="first audio of TTS to the first audio sent to the caller",
    ),
    _DELIVERY,
)


def stage_samples(
    turns: Iterable[TurnRecord], records: Iterable[StageRecord], input_rate_hz: int
) -> list[tuple[Metric, Sample]]:
    """Collect each stage over the turns, in the order of the stages; none without a turn in both.

    Args:
        turns: The callers' records.
        records: The cascade's, joined by the provider's session and response ids.
        input_rate_hz: Sample rate of the audio sent.
    """
    joined = _joined(turns, records)
    if not joined:
        return []
    sessions = {turn.session_id: number for number, (turn, _) in enumerate(joined)}
    return [
        (
            stage,
            _sample(
                (sessions[turn.session_id], stage_ms(stage, turn, record, input_rate_hz))
                for turn, record in joined
            ),
        )
        for stage in CASCADE_STAGES
    ]


def stage_ms(
    stage: Metric, turn: TurnRecord, record: StageRecord, input_rate_hz: int
) -> float | None:
    """Return how long one stage of a turn took in ms; `None` where it did not come to its end."""
    if stage is _ENDPOINT:
        return since_speech_ms(record.endpoint_ns, turn, record, input_rate_hz)
    if stage is _DELIVERY:
        whole_ms = heard_ms(turn)
        before_ms = since_speech_ms(record.first_audio_sent_ns, turn, record, input_rate_hz)
        return None if whole_ms is None or before_ms is None else whole_ms - before_ms
    start_ns: int | None = getattr(record, stage.start[0])
    end_ns: int | None = getattr(record, stage.end)
    return None if start_ns is None or end_ns is None else (end_ns - start_ns) / NS_PER_MS


def cascade_summary(
    turns: Iterable[TurnRecord], records: Iterable[StageRecord]
) -> CascadeSummary | None:
    """Count what a cascade did for the turns of a run; `None` where there is no log of it."""
    found = [record for _, record in _joined(turns, records)]
    if not found:
        return None
    untold = sum(tokens_untold(one) for one in found)
    failures = Counter(one.failure for one in found if one.failure)
    stages = dict.fromkeys(stage for one in found for stage in one.providers)
    return CascadeSummary(
        responses=len(found),
        cancelled=sum(one.cancelled for one in found),
        failed=dict(Counter(one.failed_stage for one in found if one.failed_stage)),
        failures=dict(failures.most_common(_MOST_FAILURES)),
        providers={
            stage: tuple(dict.fromkeys(one.providers.get(stage, "") for one in found))
            for stage in stages
        },
        heard_s=rounded(sum(one.heard_s for one in found)),
        tokens_in=None if untold else sum(one.tokens_in or 0 for one in found),
        tokens_out=None if untold else sum(one.tokens_out or 0 for one in found),
        tokens_untold=untold,
        characters=sum(one.characters for one in found),
    )


def tokens_untold(record: StageRecord) -> bool:
    """Return whether the LLM was asked for a response and did not count its tokens.

    It was asked once there was something to read: a transcript, or at once where the response
    answers no speech. What it took then is not known to be nothing.
    """
    asked = (
        record.transcript_ns is not None
        or record.first_token_ns is not None
        or record.failed_stage == "llm"
        or (not record.heard_s and record.failed_stage != "stt")
    )
    return asked and (record.tokens_in is None or record.tokens_out is None)


def _joined(
    turns: Iterable[TurnRecord], records: Iterable[StageRecord]
) -> list[tuple[TurnRecord, StageRecord]]:
    """Return turns with their responses; those that we spoiled are left out."""
    known = {(record.session_id, record.response_id): record for record in records}
    return [
        (turn, record)
        for turn in turns
        if turn.status is not TurnStatus.VOID and (record := _of(turn, known)) is not None
    ]


def _of(turn: TurnRecord, known: dict[tuple[str, str], StageRecord]) -> StageRecord | None:
    ids = turn.provider_ids
    return known.get((ids.get("session", ""), ids.get("response", "")))


def _sample(found: Iterable[tuple[int, float | None]]) -> Sample:
    measured = [(session, ms) for session, ms in found if ms is not None]
    return Sample(
        np.array([ms for _, ms in measured], dtype=np.float64),
        np.array([session for session, _ in measured], dtype=np.int64),
    )
