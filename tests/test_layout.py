"""The rules of the source tree that no linter knows: mirrored tests, small files, charters.

Every module has a test file of its own, `tests/<package path>/test_<module>.py`, and every test
file has its module. What is exempt is listed here with the reason.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in ("harness", "scenarios")
    for path in (ROOT / folder).rglob("*.py")
)
FORBIDDEN = {"utils", "util", "common", "helpers", "core", "manager", "misc"}
LINES = 450

# Modules without a test file of their own, by the reason; each is named with what exercises it.
DECLARATIONS = "declarations only: nothing in it can be wrong by itself"
IN_A_CHILD = "runs as a process of its own, and is tested through the one that starts it"
READERS = "one reader each, all given the same questions in test_registry"
IN_A_RUN = "lives inside Locust, and is tested in whole runs of it"
WHILE_IMPORTING = "a step of importing or obtaining a corpus, tested by what comes of it"
THROUGH_THE_SERVER = "part of the simulator's answer to a client, tested over a real connection"
THROUGH_A_CONVERSATION = "part of the cascade's answer, tested in conversations with providers"
THROUGH_A_CALL = "part of one session in flight, tested in calls against the simulator"
THROUGH_TOXIPROXY = "talks to a real Toxiproxy, which the tests of its users start"
THROUGH_THE_PAGE = "part of the report page, tested as the page that is written"
THROUGH_THE_COMMAND = "printed by commands, tested by what they print"

EXEMPT: dict[str, dict[str, str]] = {
    DECLARATIONS: {
        "model/understanding.py": "analysis/test_understanding.py",
        "model/tool.py": "plan/test_tools.py",
        "model/check.py": "load/test_reacting_call.py",
        "model/class_target.py": "load/test_asked_targets.py",
        "model/provenance_summary.py": "recording/test_summary.py",
        "session/heard_so_far.py": "session/test_caller.py",
        "session/said.py": "session/test_call_sounds.py",
        "session/turn/server_habits.py": "session/turn/test_machine.py",
        "model/decoder.py": "dialects/test_base64_audio.py",
        "model/recording.py": "recording/test_audio_folder.py",
        "model/requests.py": "dialects/test_openai.py",
        "model/session.py": "recording/test_jsonl.py",
        "model/session_settings.py": "load/test_session_check.py",
        "model/stamp.py": "transport/test_tls.py",
        "model/truth.py": "recording/test_reading.py",
        "model/cascade_summary.py": "analysis/test_stages.py",
        "model/stages.py": "recording/test_reading.py",
        "model/accuracy_summary.py": "report/test_table.py",
        "model/units.py": "model/test_audio.py",
        "model/wire.py": "transport/test_websocket.py",
        "model/summary.py": "recording/test_summary.py",
        "model/gate_document.py": "report/ci/test_document.py",
        "model/against_document.py": "recording/test_against.py",
        "model/history.py": "recording/test_history.py",
        "model/capacity_document.py": "recording/test_capacity.py",
        "report/beside.py": "report/test_page.py",
        "model/breakdown_summary.py": "analysis/test_calls.py",
        "model/behaviour_summary.py": "analysis/test_behaviour.py",
        "model/validity_summary.py": "analysis/test_summary.py",
        "transport/stream.py": "transport/test_stamped_socket.py",
    },
    IN_A_CHILD: {
        "bench/busy_loop.py": "bench/test_child_process.py",
        "bench/steady_callers.py": "bench/test_locust_trial.py",
        "bench/two_classes.py": "bench/test_behaviour.py",
    },
    IN_A_RUN: {
        "load/failures.py": "load/test_run_controller.py",
        "load/locust_events.py": "load/test_run_controller.py",
    },
    READERS: {
        f"corpus/formats/{name}.py": "corpus/formats/test_registry.py"
        for name in (
            *("audiofolder", "common_voice", "harper_valley", "kaldi", "librispeech"),
            *("nemo", "plain"),
        )
    },
    WHILE_IMPORTING: {
        "corpus/marks/examine.py": "corpus/test_importing.py",
        "corpus/recording.py": "corpus/test_importing.py",
        "corpus/sources/origin_note.py": "corpus/sources/test_obtain.py",
        "corpus/sources/synthetic.py": "corpus/sources/test_generate.py",
    },
    THROUGH_THE_SERVER: {
        "simulator/chance/draws.py": "simulator/test_latency.py",
        "simulator/protocol/answers.py": "simulator/test_machine.py",
        "simulator/protocol/fronted_session.py": "simulator/carrier/test_application.py",
        "simulator/protocol/passed_on_link.py": "simulator/vendors/test_agent.py",
        "simulator/protocol/refusals.py": "simulator/test_protocol.py",
        "simulator/protocol/response_object.py": "simulator/test_protocol.py",
        "simulator/protocol/session_limits.py": "simulator/test_demands.py",
        "simulator/protocol/transcribing.py": "simulator/test_protocol.py",
        "simulator/serving.py": "simulator/test_server.py",
        "simulator/settings.py": "simulator/test_configfile.py",
        "simulator/vendors/deepgram_agent.py": "simulator/vendors/test_agent.py",
        "simulator/vendors/elevenlabs_agent.py": "simulator/vendors/test_agent.py",
        "simulator/vendors/pipecat_bot.py": "simulator/vendors/test_agent.py",
        "simulator/vendors/gemini_live.py": "simulator/vendors/test_agent.py",
        "simulator/vendors/registry.py": "simulator/vendors/test_agent.py",
        "simulator/voice/answering.py": "simulator/test_machine.py",
        "simulator/voice/listening.py": "simulator/test_machine.py",
        "simulator/voice/outputs.py": "simulator/test_protocol.py",
        "simulator/voice/speaking.py": "simulator/test_machine.py",
        "simulator/wire/encryption.py": "simulator/test_server.py",
        "simulator/wire/websocket_server.py": "simulator/test_server.py",
        "simulator/wire/plain_http.py": "simulator/wire/test_upgrade.py",
    },
    THROUGH_A_CONVERSATION: {
        f"cascade/{name}.py": "cascade/test_response.py"
        for name in (
            *("answering", "prompt", "settings", "spoken", "transcripts"),
            *("providers/base", "providers/http", "providers/openai"),
        )
    },
    THROUGH_A_CALL: {
        "engine/frame_stream.py": "engine/test_engine.py",
        "engine/target_check.py": "cli/test_doctor.py",
    },
    THROUGH_TOXIPROXY: {
        "network/probe/frame_flow.py": "network/probe/test_stall_probe.py",
        "network/toxiproxy/http_session.py": "network/toxiproxy/test_remote.py",
        "network/toxiproxy/liveness.py": "network/test_layer.py",
        "network/toxiproxy/toxic_client.py": "network/toxiproxy/test_toxic_scheduler.py",
    },
    THROUGH_THE_PAGE: {
        f"report/{name}.py": "report/test_page.py"
        for name in (
            *("blocks", "figure_sections", "outcomes", "run_quality", "sections"),
            "summary_view",
        )
    },
    THROUGH_THE_COMMAND: {
        "cli/summarising.py": "cli/test_report.py",
        "cli/toxiproxy.py": "cli/test_network.py",
    },
}
# Test files without a module of their own: the simulator as a whole, by what it answers.
WHOLE = {
    f"simulator/test_{what}.py"
    for what in ("demands", "latency", "machine", "null", "protocol", "stock_clients")
} | {"load/test_shipped_scenarios.py"}


def _mirror(module: Path) -> Path:
    """Return where the tests of a module are, below `tests`."""
    return module.parent / f"test_{module.name}"


def _modules() -> list[Path]:
    """Return the modules of `harness`, below it, without the faces of packages."""
    return [
        source.relative_to("harness")
        for source in SOURCES
        if source.parts[0] == "harness" and source.name not in ("__init__.py", "__main__.py")
    ]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_file_is_small_enough_to_hold(source: Path) -> None:
    lines = (ROOT / source).read_text(encoding="utf-8").count("\n")
    assert lines < LINES, f"{source} has {lines} lines"


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_name_says_what_it_holds(source: Path) -> None:
    assert not FORBIDDEN & {part.removesuffix(".py") for part in source.parts}


def test_every_test_file_mirrors_a_source_file() -> None:
    strays = []
    for test in (ROOT / "tests").rglob("test_*.py"):
        inside = test.relative_to(ROOT / "tests")
        if len(inside.parts) == 1 or inside.as_posix() in WHOLE:
            continue
        source = ROOT / "harness" / inside.parent / inside.name.removeprefix("test_")
        if not source.exists():
            strays.append(str(inside))
    assert not strays, f"no source file for {strays}"


def test_every_module_has_a_test_file_or_a_reason() -> None:
    exempt = {module for group in EXEMPT.values() for module in group}
    bare = [
        str(module)
        for module in _modules()
        if not (ROOT / "tests" / _mirror(module)).exists() and module.as_posix() not in exempt
    ]
    assert not bare, f"no test file and no reason for {bare}"


@pytest.mark.parametrize("reason", EXEMPT)
def test_an_exemption_is_needed_and_names_what_tests_it_instead(reason: str) -> None:
    for module, instead in EXEMPT[reason].items():
        assert (ROOT / "harness" / module).exists(), f"{module} is gone"
        assert not (ROOT / "tests" / _mirror(Path(module))).exists(), f"{module} has its own"
        assert (ROOT / "tests" / instead).exists(), f"{module}: no {instead}"


@pytest.mark.parametrize("package", sorted(p.parent for p in ROOT.glob("harness/*/__init__.py")))
def test_every_package_has_a_charter(package: Path) -> None:
    text = (package / "__init__.py").read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert len(text.splitlines()) > 2
