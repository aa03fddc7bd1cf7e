"""Which target each user class calls, by its own attributes and the command line."""

import argparse
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.analysis import accuracy
from harness.cli.declared_options import DeclaredOptions
from harness.dialects import DIALECTS
from harness.errors import BadInput
from harness.load.class_targets import at_simulator, class_options, resolve_class_targets
from harness.load.options import Options, add_arguments
from harness.load.run_setup import audio_engine
from harness.model import NoProgress
from harness.plan import Dialogue
from harness.recording import read_run, read_truth
from harness.simulator import SIMULATED_PATHS
from tests.load.conftest import check_held, check_turns, run_locust

TARGETS = """
[targets.azure-eu]
url = "wss://eu.example"
dialect = "azure"
model = "voice-eu"
key_variable = "AZURE_EU_KEY"
sessions_at_once = 3

[targets.phone]
url = "wss://app.example/media"
dialect = "twilio"
"""


class Europe:
    dialogue = Dialogue()
    host: str | None = "azure-eu"
    dialect = model = key_variable = network = ""


class Phone(Europe):
    host = "ws://127.0.0.1:9/media"
    dialect = "twilio"


class Nowhere(Europe):
    host = None


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "harness.toml").write_text(TARGETS)
    monkeypatch.setenv("AZURE_EU_KEY", "a key of europe")
    words = ("--targets", str(tmp_path / "harness.toml"))
    return lambda *more: DeclaredOptions(add_arguments).read([*words, *more])


def resolved(
    parsed: argparse.Namespace, host: str | None, *users: type
) -> tuple[str | None, dict[str, Options]]:
    address = resolve_class_targets(parsed, host, users, NoProgress())
    return address, class_options(parsed, users)


def test_each_class_calls_its_own_target_by_name_or_address(given: Any) -> None:
    host, found = resolved(given(), None, Europe, Phone)
    assert host is None
    europe, phone = found["Europe"], found["Phone"]
    assert (europe.host, europe.dialect, europe.model) == ("wss://eu.example", "azure", "voice-eu")
    assert (europe.key_variable, europe.limits.at_once) == ("AZURE_EU_KEY", 3)
    assert (phone.host, phone.dialect) == ("ws://127.0.0.1:9/media", "twilio")
    assert (phone.model, phone.key_variable, phone.limits.at_once) == ("", "", 0)
    assert {one.class_hosts for one in found.values()} == {True}


def test_workers_are_sent_all_that_they_need_and_no_key(given: Any, tmp_path: Path) -> None:
    parsed = given()
    _, found = resolved(parsed, None, Europe, Phone)
    sent = json.dumps(parsed.class_targets)
    assert "a key of europe" not in sent
    (tmp_path / "harness.toml").unlink()
    worker = argparse.Namespace(**(vars(given()) | {"class_targets": json.loads(sent)}))
    worker.class_hosts = True
    assert class_options(worker, (Europe, Phone)) == found


def test_the_class_goes_before_its_target_and_the_command_line_before_both(given: Any) -> None:
    class Mine(Europe):
        model = "voice-mine"

    _, found = resolved(given(), None, Mine)
    assert (found["Mine"].model, found["Mine"].dialect) == ("voice-mine", "azure")
    _, found = resolved(given("--model", "voice-said", "--dialect", "openai"), None, Mine)
    assert (found["Mine"].model, found["Mine"].dialect) == ("voice-said", "openai")


def test_host_overrides_those_of_classes_and_takes_no_key_of_theirs_along(given: Any) -> None:
    class Keyed(Phone):
        dialect = "azure"
        key_variable = "AZURE_EU_KEY"

    _, found = resolved(given(), None, Keyed)
    assert found["Keyed"].key_variable == "AZURE_EU_KEY"
    host, found = resolved(given(), "ws://127.0.0.1:7", Keyed, Europe)
    assert host == "ws://127.0.0.1:7"
    assert {one.host for one in found.values()} == {"ws://127.0.0.1:7"}
    assert {one.key_variable for one in found.values()} == {""}
    assert {name: one.dialect for name, one in found.items()} == {
        "Keyed": "azure",
        "Europe": "openai",
    }
    assert {one.class_hosts for one in found.values()} == {False}


def test_the_simulator_speaks_what_each_class_would_speak_with_its_target(given: Any) -> None:
    parsed = given("--simulator", "ws://127.0.0.1:5")
    host, found = resolved(parsed, "simulator", Europe, Phone)
    assert host == "ws://127.0.0.1:5"
    assert {name: (one.host, one.dialect, one.model) for name, one in found.items()} == {
        "Europe": ("ws://127.0.0.1:5", "azure", "voice-eu"),
        "Phone": ("ws://127.0.0.1:5/twilio", "twilio", ""),
    }
    assert {(one.simulated, one.key_variable) for one in found.values()} == {(True, "")}


def test_the_simulator_is_only_called_by_itself_where_no_class_has_a_target(given: Any) -> None:
    host, found = resolved(given("--simulator", "ws://127.0.0.1:5"), None, Nowhere)
    assert (host, found["Nowhere"].simulated) == ("ws://127.0.0.1:5", True)
    host, found = resolved(given("--simulator", "ws://127.0.0.1:5"), None, Phone)
    assert (host, found["Phone"].simulated) == (None, False)
    assert found["Phone"].host == "ws://127.0.0.1:9/media"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_simulator_serves_every_dialect_where_it_is_said_to(dialect: str) -> None:
    path = SIMULATED_PATHS.get(dialect, "")
    assert at_simulator("ws://[::1]:5/v1/realtime", dialect) == f"ws://[::1]:5{path}"


def changed(of: type, **attributes: Any) -> type:
    return type("Changed", (of,), attributes)


@pytest.mark.parametrize(
    ("host", "users", "words"),
    [
        (None, (Europe, Nowhere), r"^Nowhere: has no target, and Europe has one.*--host"),
        (None, (Nowhere,), r"^--host: no target"),
        (None, (changed(Europe, host="azure-us"), Phone), r"^Changed.host: no such target in .*eu"),
        ("simulator", (Europe,), r"^--host simulator: is started by `harness run` alone"),
        (
            None,
            (changed(Phone, host="wss://api.openai.com"),),
            r"^Changed.dialect: does not fit api.openai.com, which speaks openai",
        ),
        (
            "wss://api.openai.com",
            (Phone,),
            r"^Phone.dialect: does not fit api.openai.com, which speaks openai",
        ),
        (None, (changed(Phone, model="m"), Europe), r"^Changed, --model m: cannot be asked for"),
        (None, (changed(Phone, host="ftp://x"),), r"ftp"),
    ],
)
def test_a_target_that_cannot_be_called_is_one_line(
    given: Any, host: str | None, users: tuple[type, ...], words: str
) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        resolved(given(), host, *users)
    assert "\n" not in str(refused.value)


def test_a_target_may_not_be_called_as_the_simulator_is(given: Any, tmp_path: Path) -> None:
    (tmp_path / "harness.toml").write_text('[targets.simulator]\nurl = "ws://x"\n')
    with pytest.raises(BadInput, match="Call the target by another name"):
        resolved(given(), None, Europe)


def test_a_carriers_api_needs_a_class_that_calls_as_such_a_carrier(
    given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, found = resolved(given("--carrier-api", "9"), None, Europe, Phone)
    assert audio_engine(list(found.values())) is not None
    with pytest.raises(BadInput, match=r"--carrier-api: is for carriers .*not for azure"):
        resolved(given("--carrier-api", "9"), None, Europe)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "one token")

    class Other(Phone):
        key_variable = "AZURE_EU_KEY"

    _, found = resolved(given("--carrier-api", "9"), None, Phone, Other)
    with pytest.raises(BadInput, match="user classes have several"):
        audio_engine(list(found.values()))


TWO_TARGETS = """
from harness import Dialogue, VoiceUser

class Browser(VoiceUser):
    weight = 2
    host = "{host}"
    dialogue = Dialogue(turns=1)

class Phone(VoiceUser):
    host = "phone"
    dialogue = Dialogue(turns=1)
"""


def test_two_processes_measure_two_targets_in_two_dialects_each_as_it_truly_was(
    serve: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "simulator.toml").write_text("[latency]\nshift_ms = 200.0\nmedian_ms = 50.0\n")
    host = serve(
        *("--config", str(tmp_path / "simulator.toml")), "--truth", str(tmp_path / "truth.jsonl")
    )
    (tmp_path / "two.py").write_text(TWO_TARGETS.format(host=host))
    (tmp_path / "harness.toml").write_text(
        f'[targets.phone]\nurl = "{host}/twilio"\ndialect = "twilio"\n'
    )
    monkeypatch.chdir(tmp_path)
    done = run_locust(
        *("-u", "6", "-r", "50", "--calls", "6", "--processes", "2", "--record", "all"),
        reports=tmp_path / "reports",
        scenario=tmp_path / "two.py",
    )
    folder = check_held(done, tmp_path / "reports")
    check_turns(folder)
    run, truth = read_run(folder), read_truth(tmp_path)
    assert Counter(turn.user_class for turn in run.turns) == {"Browser": 4, "Phone": 2}
    called = {one.user_class: (one.target, one.dialect) for one in run.manifest.targets}
    assert called == {
        "Browser": (f"{host}/v1/realtime", "openai-realtime"),
        "Phone": (f"{host}/twilio", "twilio"),
    }
    for turn in run.turns:
        (found,) = accuracy([turn], truth, run.manifest) or (None,)
        if found is not None:
            # Nothing is further off than its own bound, but for what loopback takes.
            assert abs(found.max_ms) < 5 + (turn.error_bound_ns or 0) / 1e6
    counted = accuracy(run.turns, truth, run.manifest)
    assert sum(found.n for found in counted) == sum(t.status == "completed" for t in run.turns)
    summary = json.loads((folder / "summary.json").read_text())
    strata = {
        part["by"]["user_class"]: (part["target"], part["dialect"], part["turns"])
        for part in summary["strata"]
        if "user_class" in part["by"]
    }
    assert strata == {
        "Browser": (f"{host}/v1/realtime", "openai-realtime", 4),
        "Phone": (f"{host}/twilio", "twilio", 2),
    }
    assert f"Phone: twilio at {host}/twilio" in done.stdout
    assert "Targets of user classes" in (folder / "report.html").read_text()
    assert "--host" not in run.manifest.settings["command"]
