import argparse
from pathlib import Path
from typing import Any

import pytest

from harness.errors import BadInput
from harness.load.options import Options, add_arguments, read_options
from harness.load.run_setup import resolve_dialect, route_to_target


class LikeLocusts(argparse.ArgumentParser):
    """Locust's parser takes one keyword more."""

    def add_argument(self, *words: Any, **options: Any) -> argparse.Action:
        options.pop("include_in_web_ui", None)
        return super().add_argument(*words, **options)


def read(*words: str, host: str | None = "ws://127.0.0.1:1") -> Options:
    parser = LikeLocusts()
    add_arguments(parser)
    return read_options(parser.parse_args(words), host)


def test_the_defaults_go_directly_and_until_stopped() -> None:
    options = read()
    assert options.networks == ("none",)
    assert options.calls is None
    assert options.turns is None
    assert options.silence_ms == 500
    assert options.reports == Path("reports")


def test_a_scenarios_options_stand_in_the_form_of_the_web_page_with_their_help() -> None:
    parser = LikeLocusts()
    add_arguments(parser)
    shown = {a.dest: a.help for a in parser._actions if getattr(a, "include_in_web_ui", False)}
    assert {"network", "calls", "turns", "model", "agent_first"} <= set(shown)
    assert all(words and words != argparse.SUPPRESS for words in shown.values())
    # A browser is not to name files of this machine, nor the variable that a key is read from.
    files = {"reports", "profiles", "ca", "targets", "session", "corpus", "dialogue", "arrivals"}
    assert not (files | {"prometheus", "key_variable"}) & set(shown)


def test_the_callers_channel_is_a_side_or_a_number() -> None:
    assert [read(*said).channel for said in ((), ("--channel", "right"), ("--channel", "2"))] == [
        None,
        1,
        2,
    ]
    with pytest.raises(BadInput, match="--channel: no such channel"):
        read("--channel", "middle")


def test_networks_are_taken_in_the_order_given() -> None:
    assert read("--network", " ideal, lte_good,").networks == ("ideal", "lte_good")


def test_a_mix_gives_shares_and_the_scenarios_own_is_for_when_none_is_asked_for() -> None:
    options = read("--network", "lte_poor=3,none")
    assert options.mix == (("lte_poor", 3), ("none", 1))
    parser = LikeLocusts()
    add_arguments(parser)
    own = read_options(parser.parse_args([]), "ws://x", "5g=2,cable=1")
    assert own.mix == (("5g", 2), ("cable", 1))
    asked = read_options(parser.parse_args(["--network", "dsl"]), "ws://x", "5g=2,cable=1")
    assert asked.networks == ("dsl",)


def test_a_toxiproxy_of_others_is_shown_the_token_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOXIPROXY_AUTH_TOKEN", "t0ken")
    options = read("--toxiproxy", "http://toxi.example", "--toxiproxy-ports", "21000-21099")
    assert options.toxiproxy is not None
    assert options.toxiproxy.token == "t0ken"
    assert "t0ken" not in repr(options)
    assert (options.toxiproxy_ports[0], options.toxiproxy_ports[-1]) == (21000, 21099)
    assert read().toxiproxy is None


def test_zero_is_a_seed_and_no_silence_leaves_the_server_s() -> None:
    options = read("--seed", "0", "--silence-ms", "0")
    assert options.seed == 0
    assert options.silence_ms is None


@pytest.mark.parametrize(
    "words",
    [
        ("--network", ","),
        ("--network", "lossy=0"),
        ("--toxiproxy", "ftp://x"),
        ("--toxiproxy-ports", "30000-20000"),
        ("--turns", "-1"),
        ("--calls", "-1"),
        ("--seed", "-1"),
        ("--frame-ms", "5"),
        ("--frame-ms", "400"),
        ("--turn-limit-s", "0"),
        ("--drain-s", "-1"),
    ],
)
def test_what_no_run_can_be_made_with_is_refused_by_its_flag(words: tuple[str, str]) -> None:
    with pytest.raises(BadInput, match=words[0]):
        read(*words)


def test_without_a_target_there_is_no_run() -> None:
    with pytest.raises(BadInput, match="--host"):
        read(host=None)


def test_the_dialect_is_that_of_the_vendor_s_host_and_no_other_is_taken_there() -> None:
    assert read().dialect == "openai"
    found = read(host="wss://agent.deepgram.com")
    assert (found.dialect, found.frame_ms) == ("deepgram", 20)
    assert read("--dialect", "exotel").frame_ms == 100
    with pytest.raises(BadInput, match="--dialect exotel: does not fit agent"):
        read("--dialect", "exotel", host="wss://agent.deepgram.com")


def test_ephemeral_keys_are_asked_for_by_the_option_alone() -> None:
    for words, minted in (((), False), (("--ephemeral-keys",), True)):
        options = read(*words)
        route = route_to_target(options, resolve_dialect(options))
        assert (route.minting is not None) is minted


def test_a_call_in_text_has_no_audio_to_record() -> None:
    with pytest.raises(BadInput, match="--record: cannot be: no audio goes either way"):
        read("--dialect", "twilio-relay", "--record", "all")


@pytest.mark.parametrize("processes", [2, -1])
def test_an_application_ends_calls_of_one_process_only(processes: int) -> None:
    words = ("--dialect", "twilio", "--carrier-api", "9000")
    assert read(*words).carrier_api == ("127.0.0.1", 9000)
    parser = LikeLocusts()
    add_arguments(parser)
    parsed = parser.parse_args(words)
    parsed.processes = processes
    with pytest.raises(BadInput, match="not with --processes"):
        read_options(parsed, "ws://127.0.0.1:1")
