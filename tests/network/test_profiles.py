from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import BadInput
from harness.network.profiles import choose_profile, load_profiles

# Round trip and jitter of the library, in ms.
LIBRARY = {
    "ideal": (0, 0),
    "fibre": (10, 1),
    "cable": (25, 4),
    "dsl": (45, 5),
    "wifi_good": (20, 4),
    "wifi_busy": (35, 15),
    "lte_good": (60, 10),
    "lte_poor": (110, 35),
    "5g": (45, 8),
    "3g": (200, 60),
    "starlink": (45, 10),
    "geo_sat": (620, 20),
    "very_bad": (400, 100),
}


def user_file(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_library_is_shipped_with_its_round_trips_and_jitter() -> None:
    shipped = {
        name: (profile.rtt_ms, profile.up.jitter_ms) for name, profile in load_profiles().items()
    }
    assert shipped == LIBRARY


@pytest.mark.parametrize("name", LIBRARY)
def test_a_shipped_profile_names_its_source_and_what_it_leaves_out(name: str) -> None:
    profile = load_profiles()[name]
    assert profile.source
    assert "packet loss is not emulated" in profile.note


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
    assert "packet loss is not emulated" in profiles["train"].note


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("rtt_ms = 20\nloss = 0.1", "unknown key loss"),
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
    assert "lte_good" in caught.value.mend


def test_a_name_like_no_other_is_answered_with_all() -> None:
    with pytest.raises(BadInput) as caught:
        choose_profile(load_profiles(), "zzzzzz")
    assert all(name in caught.value.mend for name in LIBRARY)
