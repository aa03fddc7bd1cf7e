import gzip
import shutil
from pathlib import Path

import pytest

from harness.corpus.sources import asterisk
from harness.corpus.sources.origin_note import Unavailable, read_source
from harness.model import NoProgress

# Stand-ins for the two tools, so that the order of calls and the private folders are real.
APT = """#!/bin/sh
PATH=/usr/bin:/bin
for word; do case $word in
  -oDir::State::lists=*) lists=${word#*=} ;;
  update) test -d "$lists/partial" && touch "$lists/updated"; exit 0 ;;
  download) test -e "$lists/updated" || exit 1
    touch asterisk-core-sounds-en-wav_9.8-1_all.deb asterisk-core-sounds-en_9.8-1_all.deb; exit 0 ;;
esac; done
"""
DPKG_DEB = """#!/bin/sh
PATH=/usr/bin:/bin
mkdir -p "$3" && cp -r "$TEMPLATE/." "$3"
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put only stand-in tools on PATH and return their folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    template = tmp_path / "template"
    for name in asterisk.prompt_names():
        prompt = template / asterisk._SOUNDS / asterisk.ENGLISH.folder / f"{name}.wav"
        prompt.parent.mkdir(parents=True, exist_ok=True)
        prompt.write_bytes(name.encode())
    documents = template / asterisk._DOC
    for path, content in (
        (documents / asterisk.ENGLISH.audio_package / "copyright", b"CC BY-SA"),
        (
            template / asterisk._DOC / asterisk.ENGLISH.text_package / "core-sounds-en.txt.gz",
            gzip.compress(b"; words\ninvalid: I'm sorry: no.\nempty:\n"),
        ),
    ):
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("TEMPLATE", str(template))
    _tool(folder, "apt-get", APT)
    _tool(folder, "dpkg-deb", DPKG_DEB)
    return folder


def _tool(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "cache" / "filled"
    folder.mkdir(parents=True)
    return folder


def test_sixty_different_prompts_are_wanted() -> None:
    assert len(set(asterisk.prompt_names())) == 60


def test_prompts_words_and_licence_are_kept_and_nothing_else(tools: Path, filled: Path) -> None:
    asterisk.fill(asterisk.ENGLISH, filled, NoProgress())
    found = {recording.id: recording for recording in asterisk.recordings(asterisk.ENGLISH, filled)}
    assert len(found) == 60
    assert all((filled / recording.path).is_file() for recording in found.values())
    assert found["invalid"].transcript == "I'm sorry: no."
    assert (filled / "copyright").read_bytes() == b"CC BY-SA"
    assert read_source(filled) == "Debian package asterisk-core-sounds-en-wav 9.8-1"
    assert list(filled.parent.iterdir()) == [filled]


@pytest.mark.parametrize("missing", ["apt-get", "dpkg-deb"])
def test_a_machine_without_the_tools_is_told_so(tools: Path, filled: Path, missing: str) -> None:
    (tools / missing).unlink()
    with pytest.raises(Unavailable, match=f"{missing} is not on PATH"):
        asterisk.fill(asterisk.ENGLISH, filled, NoProgress())


def test_the_reason_is_what_the_update_complained_of(tools: Path, filled: Path) -> None:
    offline = "W: Failed to fetch http://mirror/InRelease  Could not resolve 'mirror'"
    script = f"""#!/bin/sh
case "$*" in
*update) echo "{offline}" >&2; exit 0 ;;
*) echo "E: Unable to locate package" >&2; exit 100 ;;
esac
"""
    _tool(tools, "apt-get", script)
    with pytest.raises(Unavailable, match="Could not resolve 'mirror'"):
        asterisk.fill(asterisk.ENGLISH, filled, NoProgress())
    assert list(filled.parent.iterdir()) == [filled]


def test_a_package_that_holds_something_else_is_refused(
    tools: Path, filled: Path, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "template" / asterisk._SOUNDS / asterisk.ENGLISH.folder)
    with pytest.raises(Unavailable, match="does not hold what was expected"):
        asterisk.fill(asterisk.ENGLISH, filled, NoProgress())
