import json
from dataclasses import replace

from harness.errors import Fault, Party, Phase
from harness.load.monitoring import figures
from harness.load.monitoring.figures import LiveFigures
from harness.load.price_list import bundled_prices
from harness.model import NS_PER_S, BehaviourOutcome, Check, TurnStatus
from harness.recording import Batch
from tests.analysis.conftest import build_run, build_session, build_turn


def live(open_calls: int = 0) -> LiveFigures:
    manifest = build_run([build_turn()], calls_planned=40).manifest
    return LiveFigures(manifest, bundled_prices(), lambda: open_calls)


def test_figures_are_json_before_the_first_turn() -> None:
    shown = live(3).shown()
    json.dumps(shown, allow_nan=False)
    assert shown["calls"]["open"] == 3
    assert shown["lateness"] is None
    assert shown["cost"]["total"] is None
    assert shown["validity"] is None, "nothing is wrong yet"


def test_rows_are_the_run_then_networks_then_classes_then_both() -> None:
    found = live()
    turns = [
        build_turn(session=f"{user_class}{network}", network=network, user_class=user_class)
        for user_class in ("A", "B")
        for network in ("ideal", "lte_poor")
    ]
    found.take(Batch(turns=turns))
    rows = [(row["user_class"], row["network"]) for row in found.rows()]
    assert rows[:5] == [("", ""), ("", "ideal"), ("", "lte_poor"), ("A", ""), ("B", "")]
    assert rows[5:] == [("A", "ideal"), ("A", "lte_poor"), ("B", "ideal"), ("B", "lte_poor")]
    assert [row["metrics"]["voice_to_voice"]["n"] for row in found.rows()] == [4] + [2] * 4 + [
        1
    ] * 4


def test_one_network_and_one_class_are_one_row() -> None:
    found = live()
    found.take(Batch(turns=[build_turn(network="ideal", user_class="A")]))
    assert len(found.rows()) == 1


def test_failures_are_counted_by_party_and_a_broken_response_keeps_its_latency() -> None:
    found = live()
    busy = Fault(Party.THEIRS, Phase.RESPONSE, "overloaded")
    found.take(
        Batch(
            turns=[
                build_turn(700.0),
                build_turn(900.0, status=TurnStatus.BROKEN_OFF),
                build_turn(None, status=TurnStatus.FAILED, fault=busy),
                build_turn(None, status=TurnStatus.VOID, party=Party.OURS),
            ],
            sessions=[build_session(refusals=2), build_session("s1", fault=busy)],
            end_ns=20 * NS_PER_S,
        )
    )
    shown = found.shown()
    assert shown["failures"] == [
        {"party": "theirs", "n": 2, "codes": {"test": 1, "overloaded": 1}},
        {"party": "ours", "n": 1, "codes": {"test": 1}},
    ]
    assert shown["turns"]["by_status"] == {"completed": 1, "broken_off": 1, "failed": 1, "void": 1}
    assert shown["points"] == [
        (10.0, 700.0, "fine"),
        (10.0, 900.0, "failed"),
        (10.0, None, "failed"),
        (10.0, None, "failed"),
    ]
    calls = shown["calls"]
    assert (calls["ended"], calls["planned"], calls["failed"], calls["refusals"]) == (2, 40, 1, 2)


def test_codes_of_a_server_that_invents_them_are_bounded() -> None:
    found = live()
    for number in range(3 * figures._CODES):
        fault = Fault(Party.THEIRS, Phase.RESPONSE, f"code {number}")
        found.take(Batch(turns=[build_turn(None, status=TurnStatus.FAILED, fault=fault)]))
    assert len(found._failed) <= figures._CODES + len(Party)
    (row,) = found.shown()["failures"]
    assert row["n"] == 3 * figures._CODES
    assert len(row["codes"]) <= figures._REASONS


def test_what_was_just_made_is_shown_again_until_the_run_has_ended() -> None:
    found = live(5)
    first = found.shown()
    found.take(Batch(turns=[build_turn()]))
    assert found.shown() is first
    found.end()
    ended = found.shown()
    assert ended["validity"] is not None
    assert (ended["ended"], ended["calls"]["open"], ended["turns"]["n"]) == (True, 0, 1)


def test_others_run_between_estimates_and_whoever_asks_meanwhile_gets_what_there_was() -> None:
    seen: list[object] = []
    made: list[LiveFigures] = []

    def pause() -> None:
        if made[0]._made:
            seen.append(made[0].shown())

    manifest = build_run([build_turn()]).manifest
    found = LiveFigures(manifest, bundled_prices(), lambda: 0, pause)
    made.append(found)
    found.take(Batch(turns=[build_turn()]))
    first = found.shown()
    found.end()
    assert found.shown() is not first
    assert seen
    assert all(one is first for one in seen)


def test_checks_are_counted_beside_failures() -> None:
    found = live()
    assert found.shown()["checks"] == []
    used = BehaviourOutcome(expected_tool="order", tools=("order",))
    not_used = BehaviourOutcome(expected_tool="order")
    found.take(Batch(turns=[build_turn(behaviour=used), build_turn()]))
    found.take(Batch(turns=[build_turn(behaviour=not_used)]))
    size = Check(what="the size was asked for", passed=False, turn_index=1)
    found.take(Batch(sessions=[build_session(checks=(size, replace(size, passed=True), size))]))
    found.end()
    shown = found.shown()
    assert shown["checks"] == [
        {"what": "the size was asked for", "n": 3, "failed": 2},
    ]
    assert shown["failures"] == []


def test_a_run_that_ended_without_a_turn_is_invalid() -> None:
    found = live()
    found.end()
    assert found.shown()["validity"]["state"] == "INVALID"


def test_checks_whose_words_never_repeat_are_bounded() -> None:
    found = live()
    checks = tuple(Check(what=f"words {n}", passed=True) for n in range(3 * figures._CODES))
    found.take(Batch(sessions=[build_session(checks=checks)]))
    assert len(found._checks) <= figures._CODES + 1
    assert found._checks.total() == 3 * figures._CODES
