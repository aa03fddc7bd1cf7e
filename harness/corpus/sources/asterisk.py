"""The telephone prompts of Asterisk, from Debian's archive: a studio voice a language, 8 kHz.

apt fetches and verifies the packages with lists and cache of its own in a scratch folder, so that
neither root nor an earlier `apt-get update` is needed, and nothing of the machine is changed.
"""

import gzip
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from harness.corpus.recording import Recording
from harness.corpus.sources.origin_note import Unavailable, write_source
from harness.environment import for_download
from harness.errors import sanitised
from harness.model import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """The prompts in one language.

    Attributes:
        package: Language in the names of the packages.
        tongue: Language for a person.
        language: Language tag.
        folder: Folder of the prompts in the package.
        speaker: Whose voice it is.
        licence: Terms of the recordings.
        fewest: A package with fewer of the chosen prompts is not the one expected.
    """

    package: str
    tongue: str
    language: str
    folder: str
    speaker: str
    licence: str
    fewest: int

    @property
    def audio_package(self) -> str:
        """Debian package of the recordings."""
        return f"asterisk-core-sounds-{self.package}-wav"

    @property
    def text_package(self) -> str:
        """Debian package of the transcripts."""
        return f"asterisk-core-sounds-{self.package}"

    @property
    def text(self) -> str:
        """Name of the list of transcripts."""
        return f"core-sounds-{self.package}.txt"


def _voice(language: str, tongue: str, folder: str, speaker: str, licence: str, few: int) -> Voice:
    return Voice(
        package=language[:2],
        tongue=tongue,
        language=language,
        folder=folder,
        speaker=speaker,
        licence=licence,
        fewest=few,
    )


_BY_SA, _BY = "CC BY-SA 3.0", "CC BY 3.0"
ENGLISH = _voice("en-US", "English", "en_US_f_Allison", "Allison Smith", _BY_SA, 60)
# The other languages lack a few of the prompts chosen in English.
OTHERS = (
    _voice("es-MX", "Spanish", "es_MX_f_Allison", "Allison Smith", _BY_SA, 40),
    _voice("fr-CA", "French", "fr_CA_f_June", "June Wallack", _BY_SA, 50),
    _voice("it-IT", "Italian", "it_IT_m_Carlo", "Carlo Flora", _BY, 50),
    _voice("ru-RU", "Russian", "ru_RU_f_IvrvoiceRU", "IvrvoiceRU", _BY, 50),
)
_SOUNDS = Path("usr/share/asterisk/sounds")
_DOC = Path("usr/share/doc")
_LIMIT_S = 180.0


def fill(voice: Voice, folder: Path, progress: Progress) -> None:
    """Put the chosen prompts, their text and their licence into `folder`.

    Raises:
        Unavailable: There is no apt here, or it cannot get the packages.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} is not on PATH")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="apt-") as scratch:
        packages = _download(voice, Path(scratch), progress)
        root = Path(scratch, "root")
        for package in packages:
            _run(["dpkg-deb", "-x", str(package), str(root)], Path(scratch))
        _keep(voice, root, folder)
    version = packages[0].name.split("_")[1]
    write_source(folder, f"Debian package {voice.audio_package} {version}")


def recordings(voice: Voice, folder: Path) -> list[Recording]:
    """Return the prompts with what is said in them."""
    said = _transcripts((folder / voice.text).read_text(encoding="utf-8"))
    return [
        Recording(
            id=name,
            path=f"{name}.wav",
            transcript=sanitised(said.get(name, "")),
            speaker=voice.speaker,
            language=voice.language,
            licence=voice.licence,
        )
        for name in prompt_names()
        if voice is ENGLISH or (folder / f"{name}.wav").is_file()
    ]


def prompt_names() -> list[str]:
    """Return the sixty prompts that sound most like something said on a call."""
    listed = files("harness.corpus.sources").joinpath("asterisk_prompts.txt")
    return listed.read_text(encoding="utf-8").split()


def _download(voice: Voice, scratch: Path, progress: Progress) -> list[Path]:
    """Return the package files, audio first, as apt has fetched and verified them."""
    for needed in ("lists/partial", "cache/archives/partial"):
        (scratch / needed).mkdir(parents=True)
    options = {
        "Dir::State::lists": str(scratch / "lists"),
        "Dir::Cache": str(scratch / "cache"),
        "Debug::NoLocking": "1",
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "15",
        "Acquire::https::Timeout": "15",
    }
    apt = ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items())]
    progress.step("reading the package lists into the cache (14 MB)")
    # An update that partly failed still exits 0 and may suffice; the download decides.
    complaint = _complaint(_attempt([*apt, "update"], scratch))
    progress.step(f"downloading {voice.audio_package} (18 MB)")
    try:
        _run([*apt, "download", voice.audio_package, voice.text_package], scratch)
    except Unavailable as error:
        raise Unavailable(complaint or str(error)) from error
    packages = (voice.audio_package, voice.text_package)
    found = [sorted(scratch.glob(f"{name}_*.deb")) for name in packages]
    if not all(found):
        raise Unavailable("apt-get download left no package")
    return [package for package, *_ in found]


def _keep(voice: Voice, root: Path, folder: Path) -> None:
    """Copy what the corpus needs out of the unpacked packages."""
    prompts = root / _SOUNDS / voice.folder
    chosen = [name for name in prompt_names() if (prompts / f"{name}.wav").is_file()]
    if len(chosen) < voice.fewest:
        raise Unavailable(f"the package does not hold what was expected: {len(chosen)} prompts")
    try:
        for name in chosen:
            target = folder / f"{name}.wav"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(prompts / f"{name}.wav", target)
        shutil.copyfile(root / _DOC / voice.audio_package / "copyright", folder / "copyright")
        packed = root / _DOC / voice.text_package / f"{voice.text}.gz"
        text = gzip.decompress(packed.read_bytes())
    except (OSError, EOFError) as error:
        raise Unavailable(f"the package does not hold what was expected: {error}") from error
    (folder / voice.text).write_bytes(text)


def _transcripts(text: str) -> dict[str, str]:
    """Return what each prompt says, from lines `name: text`; `;` begins a comment."""
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith(";"))
    return {name.strip(): said.strip() for name, _, said in pairs if said}


def _run(command: list[str], cwd: Path) -> None:
    """Run a tool that must succeed."""
    result = _attempt(command, cwd)
    if result.returncode:
        why = _complaint(result) or f"exit code {result.returncode}"
        raise Unavailable(f"{command[0]} failed: {why}")


def _attempt(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool without a terminal."""
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=for_download(),
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{command[0]} took more than {_LIMIT_S:.0f} s") from error
    except OSError as error:
        raise Unavailable(f"{command[0]} could not be started: {error.strerror}") from error


def _complaint(result: subprocess.CompletedProcess[str]) -> str:
    """Return what apt said was wrong, its first error before its first warning."""
    lines = result.stderr.splitlines()
    for mark in ("E: ", "W: Failed", "dpkg-deb: error"):
        for line in lines:
            if line.startswith(mark):
                return sanitised(line.removeprefix(mark.split(" ")[0]).strip())
    return ""
