from dataclasses import replace
from pathlib import Path

import pytest

from harness.corpus import obtain_corpus
from harness.environment import cache_dir
from harness.errors import BadInput
from harness.load.options import Options
from harness.load.run_setup import (
    Schedule,
    make_schedule,
    resolve_corpus,
    resolve_dialect,
    resolve_profiles,
    route_to_target,
)
from harness.model import NoProgress, ToolCall, ToolEnd
from harness.plan import Dialogue, schedule_hash
from harness.plan.tools import Tool

OPTIONS = Options(host="ws://127.0.0.1:8765", corpus="synthetic")


@pytest.fixture(autouse=True)
def _a_key_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_API_KEY", "the-key")
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("host", "sent"),
    [
        ("wss://api.example", True),
        ("ws://127.0.0.1:1", True),
        ("ws://localhost:1", True),
        ("ws://api.example", False),
        ("ws://127.0.0.1.example:1", False),
    ],
)
def test_the_key_goes_out_over_tls_or_to_this_machine_only(host: str, sent: bool) -> None:
    route = route_to_target(replace(OPTIONS, host=host), resolve_dialect(OPTIONS))
    assert any("the-key" in value for _, value in route.headers) is sent
    assert "the-key" not in repr(route)


def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3129")
    route = route_to_target(replace(OPTIONS, host="wss://api.example"), resolve_dialect(OPTIONS))
    assert (route.via, route.tunnel) == (("proxy.example", 3129), True)
    near = route_to_target(replace(OPTIONS, host="wss://localhost:1"), resolve_dialect(OPTIONS))
    assert (near.via, near.tunnel) == (None, False)
    monkeypatch.setenv("NO_PROXY", "api.example")
    exempt = route_to_target(replace(OPTIONS, host="wss://api.example"), resolve_dialect(OPTIONS))
    assert exempt.via is None


def test_a_proxy_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.example:1080")
    with pytest.raises(BadInput, match="not an HTTP proxy"):
        route_to_target(replace(OPTIONS, host="wss://api.example"), resolve_dialect(OPTIONS))


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_without_certificates_is_refused(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    options = replace(OPTIONS, host="wss://api.example", authority=file)
    with pytest.raises(BadInput, match="no certificates"):
        route_to_target(options, resolve_dialect(OPTIONS))


def test_a_frame_that_is_not_whole_is_refused() -> None:
    with pytest.raises(BadInput, match="--frame-ms"):
        route_to_target(replace(OPTIONS, frame_ms=0), resolve_dialect(OPTIONS))


def test_going_directly_needs_no_profile() -> None:
    assert resolve_profiles(OPTIONS) == {}
    assert list(resolve_profiles(replace(OPTIONS, mix=(("ideal", 2), ("none", 1))))) == ["ideal"]


def test_the_schedule_is_made_of_the_corpus_and_the_seed(
    tmp_path: Path,
) -> None:
    corpus = obtain_corpus("synthetic", tmp_path, NoProgress())
    hashes = {
        schedule_hash([make_schedule(options, Dialogue(), corpus).call(n) for n in range(5)])
        for options in (OPTIONS, OPTIONS, replace(OPTIONS, seed=2))
    }
    assert len(hashes) == 2


def test_the_same_words_are_said_under_every_condition_of_a_corpus(tmp_path: Path) -> None:
    corpus = obtain_corpus("synthetic", tmp_path, NoProgress())
    crossed = replace(
        corpus,
        clips=tuple(
            replace(clip, id=f"{clip.id}@{name}", utterance=clip.id, condition=name)
            for clip in corpus.clips
            for name in ("clean", "noisy")
        ),
    )
    schedule = make_schedule(OPTIONS, Dialogue(turns=3), crossed)
    plain = make_schedule(OPTIONS, Dialogue(turns=3), corpus)
    for group in range(4):
        said = [schedule.call(number).utterance_ids for number in (2 * group, 2 * group + 1)]
        words = [tuple(name.split("@")[0] for name in call) for call in said]
        assert words[0] == words[1] == plain.call(group).utterance_ids
        assert {name.split("@")[1] for call in said for name in call} == {"clean", "noisy"}


def test_the_command_line_says_the_corpus_before_classes_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    asked = {"no-such": "German", "": "Plain"}
    options = replace(OPTIONS, corpus=None)
    assert resolve_corpus(OPTIONS, asked, NoProgress()).facts.name == "synthetic"
    alone = resolve_corpus(options, {"synthetic": "Plain"}, NoProgress())
    assert alone == resolve_corpus(OPTIONS, {}, NoProgress())
    with pytest.raises(BadInput, match="neither a corpus nor a folder") as refused:
        resolve_corpus(options, asked, NoProgress())
    assert refused.value.where == "German.corpus, no-such"
    assert "Known corpora: " in refused.value.hint


def test_corpora_that_cannot_be_had_are_one_line_with_the_commands_that_fetch_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    # As the shipped scenario of languages asks for them.
    asked = {"synthetic": "Other", "asterisk-es": "Spanish", "asterisk-fr": "French"}
    with pytest.raises(BadInput, match="not available: apt-get is not on PATH") as refused:
        resolve_corpus(replace(OPTIONS, corpus=None), asked, NoProgress())
    assert refused.value.where == "Spanish.corpus, corpus asterisk-es"
    assert refused.value.hint.endswith(
        ": harness corpus fetch asterisk-es && harness corpus fetch asterisk-fr"
    )
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", ["order", "order.toml", "corpora/dialogues/order.toml"])
def test_a_shipped_script_is_found_from_any_folder(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    corpus = obtain_corpus("synthetic", tmp_path, NoProgress())
    schedule = make_schedule(replace(OPTIONS, dialogue=Path(given)), Dialogue(), corpus)
    assert schedule.script is not None
    (tmp_path / "order.toml").write_text("no script")
    if given == "order.toml":
        with pytest.raises(BadInput):
            make_schedule(replace(OPTIONS, dialogue=Path(given)), Dialogue(), corpus)


def test_keys_are_refused_where_nobody_can_press_them(tmp_path: Path) -> None:
    script = tmp_path / "menu.toml"
    script.write_text('name = "menu"\n[[turn]]\nsay = { digits = "1" }')
    corpus = obtain_corpus("synthetic", tmp_path, NoProgress())
    options = replace(OPTIONS, dialogue=script)
    with pytest.raises(BadInput, match="dialogue menu: keys of a telephone cannot be pressed"):
        make_schedule(options, Dialogue(), corpus)
    schedule = make_schedule(replace(options, dialect="twilio"), Dialogue(), corpus)
    assert schedule.call(0).utterance_ids == ("dtmf:1",)


def test_tools_that_a_script_describes_answer_its_calls_but_for_those_of_the_class(
    tmp_path: Path,
) -> None:
    script = tmp_path / "shop.toml"
    script.write_text(
        'name = "shop"\n[[tool]]\nname = "pay"\nfails = 1.0\nfailure = "no money"\n'
        '[[tool]]\nname = "menu"\nresult = "soup"\nhangs = 1.0\ntime_out_ms = 900\n'
        '[[turn]]\nexpect_tool = "book"\n'
    )
    corpus = obtain_corpus("synthetic", cache_dir(), NoProgress())
    schedule = make_schedule(replace(OPTIONS, dialogue=script), Dialogue(), corpus)
    assert schedule.tools == ("pay", "menu", "book")
    assert schedule.call(0).answers_tools

    def answers(of: Schedule) -> dict[str, tuple[str | None, ToolEnd] | None]:
        mocks = of.mocks(0)
        told = {name: mocks.answer(ToolCall("c", name, "{}", "r")) for name in of.tools}
        return {name: None if one is None else (one.output, one.end) for name, one in told.items()}

    assert answers(schedule) == {
        "pay": ("no money", ToolEnd.FAILED),
        "menu": ('{"error": "the tool timed out"}', ToolEnd.TIMED_OUT),
        "book": None,
    }
    own = replace(schedule, class_tools=(Tool("menu", "salad"),))
    assert answers(own)["menu"] == ("salad", ToolEnd.ANSWERED)
    assert replace(own, reacts=True).tools == ("menu",)


def test_a_script_that_is_nowhere_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    corpus = obtain_corpus("synthetic", tmp_path, NoProgress())
    options = replace(OPTIONS, dialogue=tmp_path / "order.toml")
    with pytest.raises(BadInput, match="no dialogue script") as refused:
        make_schedule(options, Dialogue(), corpus)
    assert "interrupter" in refused.value.hint


def test_the_command_line_can_let_the_agent_greet() -> None:
    corpus = obtain_corpus("synthetic", cache_dir(), NoProgress())
    for asked in (False, True):
        schedule = make_schedule(replace(OPTIONS, agent_first=asked), Dialogue(), corpus)
        assert schedule.call(0).agent_speaks_first is asked


def test_a_call_in_text_needs_words(tmp_path: Path) -> None:
    corpus = obtain_corpus("synthetic", tmp_path, NoProgress())
    with pytest.raises(BadInput, match="--dialect twilio-relay: no transcript of synthetic-00, "):
        make_schedule(replace(OPTIONS, dialect="twilio-relay"), Dialogue(), corpus)


def test_a_network_with_loss_is_refused_where_no_stream_of_audio_is_sent() -> None:
    in_text = replace(OPTIONS, dialect="twilio-relay")
    assert list(resolve_profiles(replace(in_text, mix=(("geo_sat", 1),)))) == ["geo_sat"]
    for lossy in ("lte_good", "dead_spot"):
        with pytest.raises(BadInput, match=f"--network {lossy}: stalls as"):
            resolve_profiles(replace(in_text, mix=((lossy, 1),)))
