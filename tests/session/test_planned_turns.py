import pytest

from harness.dialects.base64_audio import Base64Audio
from harness.errors import Fault, Party, Phase
from harness.model import AudioFormat, CallPlan, TurnBehaviour, TurnInstants, TurnKind, TurnStatus
from harness.session.encoded_utterance import EncodedUtterance, WireFormat
from harness.session.grid import FrameGrid
from harness.session.planned_turns import PlannedTurns

MS, FRAME, RATE_HZ = 1_000_000, 480, 24_000
WIRE_FORMAT = WireFormat(
    silence=b"silence",
    frame_samples=FRAME,
    audio=AudioFormat(RATE_HZ),
    new_decoder=Base64Audio,
    limit_ns=3_000 * MS,
)
GRID = FrameGrid(1_000 * MS, FRAME, RATE_HZ)
FAULT = Fault(Party.THEIRS, Phase.SEND, "close_1006", "")


def utterance(name: str) -> EncodedUtterance:
    return EncodedUtterance(
        utterance_id=name,
        messages=[name.encode()] * 10,
        onset_sample=(2 if name == "a" else 3) * FRAME,
        end_sample=8 * FRAME + 12,
    )


def turns(*behaviours: TurnBehaviour, conditions: tuple[str, ...] = ()) -> PlannedTurns:
    plan = CallPlan(
        number=0,
        network="lossy",
        utterance_ids=("a", "b"),
        think_ms=(10.0, 20.0),
        behaviours=behaviours,
        conditions=conditions,
        original_ids=tuple("o" for _ in conditions),
    )
    names = plan.utterance_ids
    return PlannedTurns("call-0", plan, [utterance(n) for n in names], WIRE_FORMAT, None)


def test_a_turn_begins_where_the_grid_says_and_knows_its_condition() -> None:
    planned = turns(conditions=("noisy", "clean"))
    begun = planned.begin(5, GRID)
    spoken = begun.spoken
    assert (spoken.turn_index, spoken.network, spoken.utterance_id) == (0, "lossy", "a")
    assert (spoken.condition, spoken.original_id) == ("noisy", "o")
    assert spoken.onset_ns == 1_000 * MS + (5 + 2) * 20 * MS
    assert spoken.end_ns == 1_000 * MS + (5 + 8) * 20 * MS + 500_000
    assert spoken.end_sample == (5 + 8) * FRAME + 12
    assert spoken.end_due_ns == 1_000 * MS + (5 + 9) * 20 * MS, "a frame leaves when it has ended"
    assert spoken.limit_ns == 3_000 * MS
    assert begun.behaviour is None
    assert planned.begin(20, GRID).spoken.condition == "clean"
    assert not planned.has_more


def test_a_hesitation_makes_the_utterance_longer_and_moves_its_end() -> None:
    begun = turns(TurnBehaviour(hesitation_ms=60, hesitation_at=0.5), TurnBehaviour()).begin(
        0, GRID
    )
    assert len(begun.utterance.messages) == 13
    assert begun.spoken.end_sample == 11 * FRAME + 12
    assert begun.spoken.end_due_ns == GRID.due_ns(11)


def test_the_interruption_of_a_turn_is_the_next_utterance_and_the_last_has_none() -> None:
    cut_in = TurnBehaviour(barge_in_ms=100)
    planned = turns(cut_in, cut_in)
    first, last = planned.begin(0, GRID).behaviour, planned.begin(10, GRID).behaviour
    assert first is not None
    assert last is not None
    assert first.cuts_in_ns(0) == (100 - 60) * MS, "its speech begins 60 ms into the utterance"
    assert last.cuts_in_ns(0) is None


def test_the_caller_thinks_before_each_turn_as_planned() -> None:
    planned = turns()
    assert (len(planned), planned.think_ns) == (2, 10 * MS)
    planned.begin(0, GRID)
    assert planned.think_ns == 20 * MS
    planned.begin(10, GRID)
    assert planned.think_ns == 20 * MS
    assert len(planned) == 2


@pytest.mark.parametrize("status", [TurnStatus.CLOSED, TurnStatus.DROPPED])
def test_a_turn_that_never_begins_is_recorded_and_not_offered_again(status: TurnStatus) -> None:
    planned = turns(conditions=("noisy", "clean"))
    at = TurnInstants(session_ready_ns=5)
    first, second = (planned.not_begun(status, FAULT, at) for _ in range(2))
    assert (first.turn_index, first.kind, first.utterance_id) == (0, TurnKind.FIRST, "a")
    assert (second.turn_index, second.kind, second.utterance_id) == (1, TurnKind.LATER, "b")
    assert (second.status, second.fault, second.at) == (status, FAULT, at)
    assert (second.condition, second.original_id) == ("clean", "o")
    assert second.limit_ms == 3_000
    assert not planned.has_more


def test_who_waits_for_a_greeting_says_nothing_and_begins_no_turn() -> None:
    planned = turns()
    silence = planned.silence(7)
    assert (silence.onset_ns, silence.end_ns, silence.end_due_ns) == (7, 7, 7)
    assert (silence.utterance_id, silence.end_sample) == ("", 0)
    assert (silence.limit_ns, silence.network) == (3_000 * MS, "lossy")
    assert planned.begin(0, GRID).spoken.turn_index == 0
