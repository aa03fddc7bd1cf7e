"""How a session reaches the API: address, headers, certificates, and what lies on the way."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.dialects import Dialect, SessionSettings
from harness.environment import LOOPBACK, api_key, proxy_for
from harness.errors import BadInput
from harness.network import Impairment
from harness.transport import Target, parse_target


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a session reaches the API.

    Attributes:
        target: Address as the server sees it.
        headers: Extra headers of the upgrade, the key among them.
        dialect: The API's words.
        settings: What the session asks for.
        via: Host and port to connect to instead of the target's, `None` for the target's own.
        tunnel: An HTTP proxy stands at `via` or behind it.
        tls: What certificates are verified with; `None` for the system's authorities.
        impairment: The stalls of a lossy network, to begin with the first frame.
    """

    target: Target
    headers: tuple[tuple[str, str], ...]
    dialect: Dialect
    settings: SessionSettings
    via: tuple[str, int] | None = None
    tunnel: bool = False
    tls: ssl.SSLContext | None = None
    impairment: Impairment | None = None

    def __repr__(self) -> str:
        """Leave the headers out: one of them is the key."""
        return f"Route({self.target.host}:{self.target.port}, via={self.via})"


def resolve_route(
    host: str,
    dialect: Dialect,
    settings: SessionSettings,
    *,
    frame_ms: int,
    authority: Path | None = None,
) -> Route:
    """Return the direct way to a target, credentials included.

    The key goes out over TLS or to this machine only.

    Args:
        host: Address of the API.
        dialect: The API's words.
        settings: What the session asks for.
        frame_ms: Length of the caller's audio frames.
        authority: File of certificates to trust in place of the system's.

    Raises:
        BadInput: The address is none, or the frame length does not fit the dialect's audio.
    """
    target = parse_target(host, dialect.path(settings))
    key = api_key() if target.secure or target.host in LOOPBACK else None
    try:
        dialect.audio.frame_samples(frame_ms)
    except ValueError as error:
        raise BadInput(str(error), where="--frame-ms", hint="20 fits every format") from error
    proxy = _proxy(target)
    return Route(
        target=target,
        headers=tuple(dialect.headers(key)),
        dialect=dialect,
        settings=settings,
        via=proxy,
        tunnel=proxy is not None,
        tls=_verifier(authority) if target.secure else None,
    )


def _proxy(target: Target) -> tuple[str, int] | None:
    """Return host and port of the HTTP proxy that the environment asks for."""
    address = proxy_for(target.host, secure=target.secure)
    if address is None:
        return None
    found = urlsplit(address if "//" in address else f"//{address}")
    if found.scheme not in ("", "http") or not found.hostname:
        raise BadInput(
            "the proxy of the environment is not an HTTP proxy",
            where="HTTPS_PROXY",
            hint="Give http://HOST:PORT, or exempt the target by NO_PROXY",
        )
    return found.hostname, found.port or 3128


def _verifier(authority: Path | None) -> ssl.SSLContext:
    """Return the context that certificates are verified with; made once, it is slow to make."""
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"no certificates can be read from it ({type(error).__name__})",
            where=f"--ca {authority}",
            hint="Give a file of PEM certificates",
        ) from error
