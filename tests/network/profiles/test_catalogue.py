from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.model import FaultKind
from harness.network.profiles.catalogue import choose_profile, collapse, load_profiles

# Round trip and jitter of the library in ms, loss in percent, mean bad time in ms.
LIBRARY = {
    "ideal": (0, 0, 0, None),
    "fibre": (10, 1, 0, None),
    "cable": (25, 4, 0.05, None),
    "dsl": (45, 5, 0.1, None),
    "wifi_good": (20, 4, 0.2, 20),
    "wifi_busy": (35, 15, 1, 60),
    "lte_good": (60, 10, 0.2, 40),
    "lte_poor": (110, 35, 1.5, 100),
    "5g": (45, 8, 0.1, 40),
    "3g": (200, 60, 1, 150),
    "starlink": (45, 10, 0.5, 100),
    "geo_sat": (620, 20, 0, None),
    "very_bad": (400, 100, 5, 100),
    "wifi_to_lte": (20, 4, 0.2, 20),
    "dead_spot": (60, 10, 0.2, 40),
    "cut_off": (60, 10, 0, None),
}
LOSSLESS = [name for name, (*_, loss, _burst) in LIBRARY.items() if not loss]


def user_file(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_library_is_shipped_with_its_delays_and_losses() -> None:
    shipped = {
        name: (p.rtt_ms, p.up.jitter_ms, round(100 * p.down.loss, 6), p.up.burst_ms)
        for name, p in load_profiles().items()
    }
    assert shipped == LIBRARY


@pytest.mark.parametrize("name", LIBRARY)
def test_a_shipped_profile_names_its_source_and_what_it_leaves_out(name: str) -> None:
    profile = load_profiles()[name]
    assert profile.source
    assert "not emulated" in profile.note
    assert ("no packets are lost" in profile.note) == (name in LOSSLESS)


def test_directions_keep_their_own_bandwidth() -> None:
    profile = load_profiles()["lte_poor"]
    assert (profile.up.rate_kbit_s, profile.down.rate_kbit_s) == (750, 1600)


@given(rtt_ms=st.integers(0, 20_000))
def test_a_round_trip_is_split_into_whole_halves(
    tmp_path_factory: pytest.TempPathFactory, rtt_ms: int
) -> None:
    path = user_file(tmp_path_factory.getbasetemp(), f"[x]\nrtt_ms = {rtt_ms}\n")
    profile = load_profiles(path)["x"]
    assert profile.rtt_ms == rtt_ms
    assert profile.up.delay_ms - profile.down.delay_ms in (0, 1)


def test_a_users_profile_adds_to_the_library_or_replaces_one_of_it(tmp_path: Path) -> None:
    text = '[ideal]\nrtt_ms = 2\nnote = "mine"\n[train]\nrtt_ms = 90\njitter_ms = 40\n'
    profiles = load_profiles(user_file(tmp_path, text))
    assert profiles["ideal"].rtt_ms == 2
    assert profiles["train"].down.jitter_ms == 40
    assert set(profiles) == {*LIBRARY, "train"}
    assert profiles["ideal"].note.startswith("mine; ")
    assert "no packets are lost" in profiles["train"].note


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("rtt_ms = 20\nloss = 0.1", "unknown key loss"),
        ("rtt_ms = 20\nloss_percent = 101", "loss"),
        ("rtt_ms = 20\nloss_percent = -1", "negative"),
        ("rtt_ms = 20\nburst_ms = 0", "burst_ms"),
        ("rtt_ms = 20\nstall_ms = [1, 2]", "stall_every_ms"),
        ("rtt_ms = 20\nstall_every_ms = 100\nstall_ms = [1, 200]", "cannot begin"),
        ("rtt_ms = 20\nstall_every_ms = 100\nstall_ms = [20, 10]", "ascending"),
        ("rtt_ms = 20\nstall_ms = 5", "pair"),
        ("rtt_ms = 20\nup_jitter_ms = 30", "one-way delay"),
        ("rtt_ms = 20\n[[train.stage]]\nrtt_ms = 30", "from_s"),
        ("rtt_ms = 20\n[[train.stage]]\nfrom_s = 0", "forwards"),
        (
            "rtt_ms = 20\n[[train.stage]]\nfrom_s = 9\n[[train.stage]]\nfrom_s = 5",
            "forwards",
        ),
        ("rtt_ms = 20\n[[train.stage]]\nfrom_s = 1\nprofile = 'lte_god'", "lte_good"),
        ("rtt_ms = 20\n[[train.stage]]\nfrom_s = 1\njitter_ms = 30", "one-way delay"),
        ("rtt_ms = 20\n[[train.stage]]\nfrom_s = 1\nprofile = '5g'\nrtt_ms = 1", "not both"),
        ("rtt_ms = 20\n[train.stage]\nfrom_s = 1", "list of tables"),
        ("rtt_ms = 20\n[[train.fault]]\nkind = 'packet_loss'", "one of timeout"),
        ("rtt_ms = 20\n[[train.fault]]\nkind = 'timeout'\nrate = 1", "unknown key rate"),
        ("rtt_ms = 20\n[[train.fault]]\nkind = 'slicer'\ndelay = 0.5", "whole number"),
        ("rtt_ms = -1", "negative"),
        ("rtt_ms = 20\njitter_ms = 11", "one-way delay"),
        ("rtt_ms = 20\nup_kbit_s = 0", "above 0"),
        ("rtt_ms = 90000", "10000"),
        ("rtt_ms = inf", "number"),
        ("rtt_ms = nan", "number"),
        ("rtt_ms = true", "number"),
        ('rtt_ms = "20"', "number"),
        ("jitter_ms = 0", "rtt_ms is missing"),
        ("rtt_ms = 20\nnote = 3", "text"),
    ],
)
def test_what_no_network_does_is_refused_with_file_and_profile(
    tmp_path: Path, body: str, complaint: str
) -> None:
    path = user_file(tmp_path, f"[train]\n{body}\n")
    with pytest.raises(BadInput) as caught:
        load_profiles(path)
    assert complaint in caught.value.what
    assert caught.value.where == f"{path}, [train]"


@pytest.mark.parametrize("name", ["none", '"a b"', '"A"', '""', '"x/y"'])
def test_a_name_that_means_something_else_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="name"):
        load_profiles(user_file(tmp_path, f"[{name}]\nrtt_ms = 1\n"))


def test_a_key_outside_any_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="table"):
        load_profiles(user_file(tmp_path, "rtt_ms = 1\n"))


def test_a_file_that_is_not_toml_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"mine\.toml: is not TOML"):
        load_profiles(user_file(tmp_path, "[train\n"))


@pytest.mark.parametrize("content", [None, b"\xff\xfe[x]"])
def test_a_file_that_cannot_be_read_is_refused_by_name(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=r"mine\.toml: cannot be read"):
        load_profiles(path)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInput) as caught:
        choose_profile(load_profiles(), "lte_god")
    assert "lte_good" in caught.value.hint


def test_a_name_like_no_other_is_answered_with_all() -> None:
    with pytest.raises(BadInput) as caught:
        choose_profile(load_profiles(), "zzzzzz")
    assert all(name in caught.value.hint for name in LIBRARY)


def test_a_direction_may_have_numbers_of_its_own(tmp_path: Path) -> None:
    text = "[x]\nup_delay_ms = 30\ndown_delay_ms = 5\nloss_percent = 1\ndown_loss_percent = 0\n"
    profile = load_profiles(user_file(tmp_path, text))["x"]
    assert (profile.up.delay_ms, profile.down.delay_ms) == (30, 5)
    assert (profile.up.loss, profile.down.loss) == (0.01, 0)


def test_a_stage_changes_what_it_names_and_keeps_the_rest(tmp_path: Path) -> None:
    text = (
        "[x]\nrtt_ms = 40\nloss_percent = 1\n[[x.stage]]\nfrom_s = 5\nloss_percent = 100\n"
        "[[x.stage]]\nfrom_s = 8\n[[x.stage]]\nfrom_s = 20\nprofile = 'lte_good'\n"
    )
    profile = load_profiles(user_file(tmp_path, text))["x"]
    assert [stage.from_s for stage in profile.timeline] == [0, 5, 8, 20]
    assert [stage.up.loss for stage in profile.timeline] == [0.01, 1, 0.01, 0.002]
    assert [stage.up.delay_ms for stage in profile.timeline] == [20, 20, 20, 30]
    assert [stage.up.jitter_ms for stage in profile.timeline] == [0, 0, 0, 10]
    assert [stage.down.rate_kbit_s for stage in profile.timeline] == [None, None, None, 12000]


def test_a_fault_goes_by_its_own_name_and_is_no_loss() -> None:
    profile = load_profiles()["cut_off"]
    assert [fault.kind for fault in profile.faults] == [FaultKind.RESET_PEER]
    assert not profile.stalls


def test_a_region_adds_to_every_stage() -> None:
    profiles = load_profiles()
    near, far = profiles["wifi_to_lte"], choose_profile(profiles, "wifi_to_lte+tokyo")
    assert far.rtt_ms - near.rtt_ms == 233
    assert far.stages[0].up.delay_ms - near.stages[0].up.delay_ms == 117
    assert far.name == "wifi_to_lte+tokyo"
    assert "Azure" in far.source


@pytest.mark.parametrize(
    ("name", "rtt_ms"),
    [
        ("ideal+us-east", 83),
        ("ideal+eu-west", 0),
        ("ideal+tokyo:us-east", 162),
        ("ideal+us-east:tokyo", 162),
        ("ideal+us-east+us-east:tokyo", 245),
    ],
)
def test_regions_are_pairs_either_way_round(name: str, rtt_ms: float) -> None:
    assert choose_profile(load_profiles(), name).rtt_ms == rtt_ms


def test_an_unknown_region_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInput) as caught:
        choose_profile(load_profiles(), "ideal+tokio")
    assert "tokyo" in caught.value.hint


def test_a_profile_that_loss_will_starve_is_announced() -> None:
    profiles = load_profiles()
    assert "very_bad is expected to collapse" in str(collapse(profiles["very_bad"], 20))
    assert collapse(profiles["very_bad"], 100) is None
    assert collapse(profiles["lte_good"], 20) is None
    assert collapse(profiles["dead_spot"], 20) is None
