import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from harness.analysis import GateReport
from harness.errors import BadInput, RunInvalid
from harness.report.ci.document import EXIT_CODES, gate_document, refusal_document

SCHEMA = Path(__file__).parents[3] / "docs" / "gate.schema.json"


def wrong(document: object) -> list[str]:
    """Return what the documented schema says against a document, as it stands in the file."""
    told = json.loads(json.dumps(document, allow_nan=False))
    return [
        error.json_path
        for error in Draft202012Validator(json.loads(SCHEMA.read_text())).iter_errors(told)
    ]


def test_what_is_told_fits_the_documented_schema(gate: GateReport) -> None:
    assert wrong(gate_document(gate)) == []
    assert wrong(gate_document(GateReport(runs=("a",), objectives=(), confidence=0.9))) == []
    for error in (BadInput("no such run"), RunInvalid("a stall")):
        assert wrong(refusal_document(error)) == []
    assert wrong(gate_document(gate) | {"verdict": "fine"})
    assert wrong(refusal_document(BadInput("no such run")) | {"error": None})


def test_what_lies_beyond_every_limit_is_null(gate: GateReport) -> None:
    first, *others = gate.objectives
    found = replace(first, found=replace(first.found, high=math.inf))
    document = gate_document(replace(gate, objectives=(found, *others)))
    assert document["objectives"][0]["high"] is None
    assert wrong(document) == []


def test_the_document_holds_verdict_code_and_every_finding(gate: GateReport) -> None:
    told = json.loads(json.dumps(gate_document(gate)))
    assert (told["schema"], told["verdict"], told["exit_code"]) == ("harness.gate/1", "fail", 1)
    assert [one["verdict"] for one in told["objectives"]] == ["pass", "fail", "inconclusive"]
    assert told["objectives"][2]["settle"] == "about 400 turns"
    assert told["objectives"][0]["icc"] == 0.1
    first, second = told["comparisons"]
    assert first["change"] == pytest.approx(0.1)
    assert (first["low"], first["high"]) == pytest.approx((0.02, 0.2))
    assert first["detectable"] == pytest.approx(0.15)
    # Of an attainment less is worse, so that the change is negative and the ends change places.
    assert second["change"] < 0
    assert second["low"] < second["high"] < 0
    assert told["shift"]["deciles"][0]["change"] == 12.0
    assert told["shift"]["deciles"][1]["change"] is None


def test_a_gate_that_judged_nothing_says_why() -> None:
    told = refusal_document(BadInput("no such run", where="x"))
    assert (told["verdict"], told["exit_code"]) == ("bad_input", 4)
    assert "no such run" in told["error"]
    assert refusal_document(RunInvalid("a stall"))["exit_code"] == 3
    assert EXIT_CODES["inconclusive"] == 2
