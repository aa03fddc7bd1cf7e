"""Where things are kept, and the caller's secrets: the only reader of environment variables.

A key goes from here into one request header and nowhere else: whatever is read here as a secret
is concealed in every message, record and traceback of the process (`errors.conceal`). Of the
processes that we start, only Locust inherits it, which makes the calls; the password of an HTTP
proxy also reaches the programs that download something.
"""

import os
import re
import signal
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from harness.errors import SECRET_LEAST_CHARS, BadInput, conceal

LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Where a checkout has the folders that a wheel has in `harness/shipped`.
_IN_CHECKOUT = {"scenarios": "scenarios", "dialogues": "corpora/dialogues"}
_KEYS = ("HARNESS_API_KEY", "OPENAI_API_KEY")
# Variables with secrets in them; those that a user names are added.
_SECRETS = [*_KEYS, "TOXIPROXY_AUTH_TOKEN", "TWILIO_AUTH_TOKEN"]
# How many threads OpenBLAS and MKL start, whichever of them NumPy was built with.
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Headers that OpenTelemetry's exporters send, `name=value` with commas between: keys, as a rule.
_EXPORTERS_HEADERS = re.compile(r"OTEL_EXPORTER_OTLP(_[A-Z]+)?_HEADERS")
# Variables that, by their names, hold a secret of anything.
_SECRET_NAME = re.compile(r"(?i)(?:.*_)?(?:key|token|secret|password|passwd|pat)")
_QUOTES = "\"'`"


def is_loopback(host: str) -> bool:
    """Return whether who listens at `host` is reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def cache_dir() -> Path:
    """Return the per-user folder for what was downloaded or built; it may not exist yet.

    `HARNESS_CACHE` overrides the platform's usual place.
    """
    if chosen := os.environ.get("HARNESS_CACHE"):
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "harness"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "harness"


def shipped(folder: str, name: str) -> Path | None:
    """Return a file that this project ships outside its package, `None` when there is none.

    An installed wheel holds these folders inside the package; a checkout, beside it.

    Args:
        folder: `scenarios` or `dialogues`.
        name: The file's name with its suffix; a path is not one.
    """
    known = {path.name: path for path in shipped_files(folder)}
    return known.get(name)


def shipped_files(folder: str) -> list[Path]:
    """Return all files of a shipped folder, sorted by name."""
    package = Path(__file__).parent
    place = package / "shipped" / folder
    if not place.is_dir():
        place = package.parent / _IN_CHECKOUT[folder]
    return sorted(path for path in place.glob("*.*") if path.is_file())


def api_key(variable: str = "", usual: Sequence[str] = _KEYS) -> str | None:
    """Return the provider's key, `None` where there is none.

    Args:
        variable: The variable that holds it; it must be set. Empty for the usual ones.
        usual: The variables that hold keys of this provider; the first that is set counts.

    Raises:
        BadInput: The variable holds what cannot be a key, or the one that was named is not set.
    """
    if not variable:
        return next(filter(None, map(secret, usual)), None)
    hold_secret(variable)
    key = secret(variable)
    if key is None:
        raise BadInput("is not set", where=variable, hint="Put the target's key into it")
    return key


def hold_secret(variable: str) -> None:
    """Treat a variable as one that holds a secret: concealed, and kept from other processes."""
    if variable not in _SECRETS:
        _SECRETS.append(variable)
    conceal(os.environ.get(variable, ""))


def secret(name: str) -> str | None:
    """Return the secret in the variable `name`, without white space around it.

    Returns:
        `None` when the variable is unset or empty.

    Raises:
        BadInput: It holds what no request header can carry, or quotes around it.
    """
    value = os.environ.get(name, "")
    conceal(value)
    value = value.strip()
    wrong = _unusable(value)
    if wrong:
        raise BadInput(wrong, where=name, hint="Set the variable again, to the secret alone")
    return value or None


def holds_secret(text: str) -> bool:
    """Return whether `text` holds the value of a variable that is called as secrets are."""
    return any(
        len(value.strip()) >= SECRET_LEAST_CHARS and value.strip() in text
        for name, value in os.environ.items()
        if name in _SECRETS or _SECRET_NAME.fullmatch(name)
    )


def _unusable(secret: str) -> str:
    """Return what keeps a secret from being sent in a header, empty for nothing."""
    if len(secret) > 1 and secret[0] == secret[-1] and secret[0] in _QUOTES:
        return "has quotes around it"
    for character in secret:
        if character in "\r\n":
            return "has a line break in the middle"
        if not (character.isascii() and character.isprintable()):
            point = f"U+{ord(character):04X} {unicodedata.name(character, '')}".strip()
            return f"holds a character that no key has ({point})"
    return ""


def conceal_secrets() -> None:
    """Conceal every secret of the environment from now on, usable or not."""
    for name in _SECRETS:
        conceal(os.environ.get(name, ""))
    for name, headers in os.environ.items():
        if _EXPORTERS_HEADERS.fullmatch(name):
            for header in headers.split(","):
                value = header.partition("=")[2].strip()
                conceal(value)
                conceal(unquote(value))
    for name, value in os.environ.items():
        if _is_proxy(name):
            _conceal_credentials(value)


def _conceal_credentials(address: str) -> None:
    """Conceal the password of a proxy's address."""
    try:
        password = urlsplit(address if "//" in address else f"//{address}").password or ""
    except ValueError:
        return
    conceal(password)
    conceal(unquote(password))


def setting(name: str) -> str | None:
    """Return what the user set the variable `name` to, `None` when it is unset or empty."""
    return os.environ.get(name) or None


def default_setting(name: str, value: str) -> None:
    """Set a variable that a library reads, unless the user has set it."""
    os.environ.setdefault(name, value)


@contextmanager
def temporary_env(name: str, value: str) -> Iterator[None]:
    """Set a variable while a library that can be told in no other way is being loaded."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def without_idle_threads() -> None:
    """Keep NumPy's algebra library from starting a thread for each core; before NumPy is imported.

    None of our matrices is large enough for two threads, and each costs every process that we
    start some 50 ms of the processor. What the user has set stays.
    """
    for name in _THREADS:
        os.environ.setdefault(name, "1")


def for_child(**variables: str) -> dict[str, str]:
    """Return the environment for a process we start: ours without secrets, plus `variables`."""
    held = _names_with_secrets()
    return {name: value for name, value in os.environ.items() if name not in held} | variables


def for_download(**variables: str) -> dict[str, str]:
    """Return the environment for a program that downloads: as `for_child`, with the proxies."""
    proxies = {name: value for name, value in os.environ.items() if _is_proxy(name)}
    return for_child(**proxies, **variables)


def _names_with_secrets() -> set[str]:
    """Return the variables that hold a secret: keys, their copies, and proxies with a password."""
    secrets = {os.environ.get(name, "").strip() for name in _SECRETS}
    copied = {secret for secret in secrets if len(secret) >= SECRET_LEAST_CHARS}
    return {
        name
        for name, value in os.environ.items()
        if name in _SECRETS
        or value.strip() in copied
        or (_is_proxy(name) and "@" in value)
        or _EXPORTERS_HEADERS.fullmatch(name)
    }


def _is_proxy(name: str) -> bool:
    """Return whether a variable names a proxy; `NO_PROXY` names none."""
    return name.lower().endswith("_proxy") and name.lower() != "no_proxy"


def without_settings_of(prefix: str) -> tuple[dict[str, str], list[str]]:
    """Return our environment without the variables that begin with `prefix`, and their names."""
    taken = sorted(name for name in os.environ if name.startswith(prefix))
    kept = {name: value for name, value in os.environ.items() if name not in taken}
    return kept, taken


@contextmanager
def without_secrets() -> Iterator[None]:
    """Take the secrets out of our own environment while a library starts processes."""
    taken = {name: os.environ.pop(name) for name in _names_with_secrets()}
    try:
        yield
    finally:
        os.environ.update(taken)


def ending_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that end a run: a hangup does unless the process ignores it (`nohup`)."""
    hangup = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hangup else ()))


def proxy_for(host: str, *, secure: bool) -> str | None:
    """Return the address of the HTTP proxy that `host` is reached through, if there is one.

    Follows `HTTPS_PROXY` or `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; this machine itself is
    always reached directly.
    """
    # Loads an HTTP client, which commands that connect to nothing need not wait for.
    from urllib.request import getproxies_environment, proxy_bypass

    proxies = getproxies_environment()
    for address in proxies.values():
        _conceal_credentials(address)
    if host in LOOPBACK or proxy_bypass(host):
        return None
    return proxies.get("https" if secure else "http") or proxies.get("all")
