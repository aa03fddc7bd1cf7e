"""Which turns are the worst, however they were shared out between processes."""

from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.worst_turns import WorstTurns, badness
from harness.errors import Party
from harness.model import RecordedFor, TurnStatus
from tests.analysis.conftest import build_turn

OFFERS = st.lists(st.integers(0, 40), max_size=40).map(
    lambda ranks: [(float(rank), f"t{place}") for place, rank in enumerate(ranks)]
)


def kept(most: int, offers: list[tuple[float, str]]) -> set[str]:
    worst, names = WorstTurns(most), set[str]()
    for rank, name in offers:
        names.add(name)
        loser = worst.offer(RecordedFor.SLOWEST, rank, name)
        names -= {loser or ""}
    return names


@given(OFFERS, st.integers(1, 6), st.integers(1, 4))
def test_the_worst_of_the_worst_of_parts_are_the_worst_of_all(
    offers: list[tuple[float, str]], most: int, parts: int
) -> None:
    survivors: list[tuple[float, str]] = []
    for part in range(parts):
        share = offers[part::parts]
        names = kept(most, share)
        survivors += [offer for offer in share if offer[1] in names]
    truly = {name for _, name in sorted(offers)[-most:]}
    assert kept(most, survivors) == truly == kept(most, offers)


def test_each_kind_has_places_of_its_own() -> None:
    worst = WorstTurns(1)
    assert worst.offer(RecordedFor.SLOWEST, 900.0, "a") is None
    assert worst.offer(RecordedFor.FAILED, -1.0, "b") is None
    assert worst.offer(RecordedFor.SLOWEST, 800.0, "c") == "c"
    assert worst.offer(RecordedFor.SLOWEST, 950.0, "d") == "a"


def test_how_bad_a_turn_is() -> None:
    assert badness(build_turn(812.0)) == (RecordedFor.SLOWEST, 812.0)
    premature = build_turn(-200.0, status=TurnStatus.PREMATURE)
    assert badness(premature) == (RecordedFor.PREMATURE, 200.0)
    failed = build_turn(None, status=TurnStatus.TIMEOUT)
    assert badness(failed) == (RecordedFor.FAILED, -10_000e6)
    broken = build_turn(700.0, status=TurnStatus.BROKEN_OFF)
    assert badness(broken) == (RecordedFor.FAILED, -10_000e6)


def test_what_we_spoiled_is_nothing_to_listen_to() -> None:
    assert badness(build_turn(None, status=TurnStatus.VOID, party=Party.OURS)) is None
    assert badness(build_turn(None, status=TurnStatus.DROPPED, party=Party.OURS)) is None
    assert badness(build_turn(None, status=TurnStatus.CLOSED, party=Party.OURS)) is None
