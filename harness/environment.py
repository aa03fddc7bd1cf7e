"""The only reader of environment variables: where things are kept, and the caller's key.

A key goes from here into one request header and nowhere else.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import getproxies_environment, proxy_bypass

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_KEYS = ("HARNESS_API_KEY", "OPENAI_API_KEY")


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


def api_key() -> str | None:
    """Return the provider's key: `HARNESS_API_KEY`, else `OPENAI_API_KEY`, else nothing."""
    return os.environ.get("HARNESS_API_KEY") or os.environ.get("OPENAI_API_KEY") or None


def secret(name: str) -> str | None:
    """Return what the variable `name` holds, `None` when it is unset or empty."""
    return os.environ.get(name) or None


def setting(name: str) -> str | None:
    """Return what the user set the variable `name` to, `None` when it is unset or empty."""
    return os.environ.get(name) or None


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


def for_child(**variables: str) -> dict[str, str]:
    """Return the environment for a process we start: ours without the keys, plus `variables`."""
    kept = {name: value for name, value in os.environ.items() if name not in _KEYS}
    return kept | variables


def proxy_for(host: str, *, secure: bool) -> str | None:
    """Return the address of the HTTP proxy that `host` is reached through, if there is one.

    Follows `HTTPS_PROXY` or `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; this machine itself is
    always reached directly.
    """
    proxies = getproxies_environment()
    if host in LOOPBACK or proxy_bypass(host):
        return None
    return proxies.get("https" if secure else "http") or proxies.get("all")
