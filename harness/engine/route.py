"""How a session reaches the API: address, headers, certificates, proxies and impairment."""

import re
import ssl
from base64 import b64encode
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from harness.dialects import Dialect, SessionSettings
from harness.environment import LOOPBACK, api_key, proxy_for
from harness.errors import BadInput, conceal, sanitised
from harness.network import Impairment
from harness.transport import Target, parse_target, sanitised_target

BEARER = "Authorization"
# How long a session may take to exist; a server that loads its model first takes longer.
SETUP_LIMIT_S = 15.0
# How often a session is tried again that was refused by a full server.
REFUSAL_RETRIES = 3
# A name of a header field is a token (RFC 9110 section 5.6.2).
_KEY_PARAMETER = re.compile(r"(?i)key|token|secret|password|signature")
_OF_UPGRADE = re.compile(
    r"(?i)host|connection|upgrade|content-length|transfer-encoding|sec-websocket-.*"
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where an application is told of a call, or a call is created, before its socket is known.

    Attributes:
        target: Address of the webhook; `secure` stands for `https`.
        key: What the requests to the application are signed with, `None` for nothing.
        via: Host and port of the HTTP proxy in front of it, `None` for none.
        proxy_authorization: What that proxy is shown.
        upstream: Host and port of the only socket that the route's `via` leads to; `None` where
            calls go wherever the webhook says.
    """

    target: Target
    key: str | None = field(default=None, repr=False)
    via: tuple[str, int] | None = None
    proxy_authorization: str = field(default="", repr=False)
    upstream: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Minting:
    """Where each session gets an ephemeral key.

    Attributes:
        target: Address; `secure` stands for `https`.
        headers: What is shown there, the real key among it.
        model: The model that keys are asked for, empty for none.
        via: Host and port of the HTTP proxy in front of it, `None` for none.
        proxy_authorization: What that proxy is shown.
    """

    target: Target
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    model: str = ""
    via: tuple[str, int] | None = None
    proxy_authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a session reaches the API.

    Attributes:
        target: Address as the server sees it; with a webhook, that of the webhook until a call has
            its answer.
        headers: Extra headers of the upgrade, the key among them.
        dialect: The API's words.
        settings: What the session asks for.
        via: Host and port to connect to instead of the target's, `None` for the target's own.
        tunnel: An HTTP proxy stands at `via` or behind it.
        tls: What certificates are verified with; `None` for the system's authorities.
        impairment: The stalls of a lossy network, to begin with the first frame.
        setup_limit_s: How long the session may take to exist, from the beginning of opening it.
        proxy_authorization: What the HTTP proxy is shown; empty where it asks for nothing.
        key_header: The header that the key is sent in.
        refusal_retries: How often a session is tried again that was refused by a full server.
        webhook: Where each call is announced or created first, `None` where the socket is dialled
            at once.
        minting: Where each session gets an ephemeral key, `None` where it is opened with the key
            among `headers`.
    """

    target: Target
    headers: tuple[tuple[str, str], ...]
    dialect: Dialect
    settings: SessionSettings
    via: tuple[str, int] | None = None
    tunnel: bool = False
    tls: ssl.SSLContext | None = None
    impairment: Impairment | None = None
    setup_limit_s: float = SETUP_LIMIT_S
    proxy_authorization: str = ""
    key_header: str = BEARER
    refusal_retries: int = REFUSAL_RETRIES
    webhook: Webhook | None = None
    minting: Minting | None = None

    @property
    def address(self) -> str:
        """The address that was asked for, without credentials and query, to be shown."""
        if self.webhook is None:
            return sanitised_target(self.target)
        return sanitised_target(self.webhook.target).replace("ws", "http", 1)

    def __repr__(self) -> str:
        """Leave out the headers and what a proxy is shown: they hold the key and a password."""
        return f"Route({self.target.host}:{self.target.port}, via={self.via})"


def resolve_route(
    host: str,
    dialect: Dialect,
    settings: SessionSettings,
    *,
    frame_ms: int,
    authority: Path | None = None,
    key_header: str = BEARER,
    key_variable: str = "",
    setup_limit_s: float = SETUP_LIMIT_S,
    refusal_retries: int = REFUSAL_RETRIES,
    ephemeral_keys: bool = False,
) -> Route:
    """Return the direct route to a target, credentials included.

    The key goes out over TLS or to this machine only.

    Args:
        host: Address of the API.
        dialect: The API's words.
        settings: What the session asks for.
        frame_ms: Length of the caller's audio frames.
        authority: File of certificates to trust in place of the system's.
        key_header: The header that carries the key: as it is, or after `Bearer` where it is
            `Authorization`.
        key_variable: The variable that holds the key; empty for the usual ones.
        setup_limit_s: How long the session may take to exist.
        refusal_retries: How often a session is tried again that was refused by a full server.
        ephemeral_keys: Each session is opened with a key of its own, made with the real one.

    Raises:
        BadInput: The address is none, names another model than the settings, the frame length does
            not fit the dialect's audio, the header's name is none, a key is named that would not be
            sent, or something is asked for that cannot be had.
    """
    _refuse_without_effect(dialect, settings)
    if key_variable and not dialect.facts.sends_key and key_header.lower() == BEARER.lower():
        raise BadInput(
            f"no key is sent in the dialect {dialect.name}",
            where=f"--key-variable {key_variable}",
            hint="Leave it out, or name the header of the key by --key-header",
        )
    dialect.asked(settings)
    path = dialect.path(settings)
    web = host.lower().startswith(("http://", "https://"))
    creates = dialect.facts.creates_calls
    posts = creates or (web and _takes_webhook(host, dialect))
    named = parse_target(f"ws{host[4:]}" if web else host, path)
    target = _with_model(named, path, settings.model)
    _conceal_credentials(target)
    usual, near = dialect.facts.key_variables, target.host in LOOPBACK
    key = api_key(key_variable, usual) if target.secure or near else None
    try:
        dialect.audio.frame_samples(frame_ms)
    except ValueError as error:
        raise BadInput(str(error), where="--frame-ms", hint="20 fits every format") from error
    proxy, proxy_authorization = proxy_to(target)
    webhook = None
    if posts:
        webhook = Webhook(
            target=target, key=key, via=proxy, proxy_authorization=proxy_authorization
        )
    shown = _headers(dialect, key, key_header, target)
    minting = None
    if ephemeral_keys:
        minting = Minting(
            target=_mint_of(target, dialect),
            headers=shown,
            model=_model_of(target, dialect, settings),
            via=proxy,
            proxy_authorization=proxy_authorization,
        )
    return Route(
        target=target,
        headers=() if minting is not None or (posts and not creates) else shown,
        dialect=dialect,
        settings=settings,
        via=proxy,
        tunnel=proxy is not None,
        tls=_verifier(authority) if target.secure or posts else None,
        setup_limit_s=setup_limit_s,
        proxy_authorization=proxy_authorization,
        key_header=key_header,
        refusal_retries=refusal_retries,
        webhook=webhook,
        minting=minting,
    )


def _mint_of(target: Target, dialect: Dialect) -> Target:
    """Return where a target makes ephemeral keys.

    Raises:
        BadInput: It makes none, or the key cannot be shown there.
    """
    if not dialect.facts.mints_keys:
        raise BadInput(
            f"no ephemeral keys are made in the dialect {dialect.name}",
            where="--ephemeral-keys",
            hint="Leave it out; sessions are then opened with the key itself",
        )
    if not (target.secure or target.host in LOOPBACK):
        raise BadInput(
            "an ephemeral key is asked for over wss or of this machine only",
            where="--ephemeral-keys",
            hint="Give the address as wss://HOST",
        )
    path = f"{target.path.rstrip('/')}/client_secrets"
    return replace(target, path=path, query="")


def _takes_webhook(host: str, dialect: Dialect) -> bool:
    """Return that the address of a webhook can be called in this dialect.

    Raises:
        BadInput: Nobody calls through one.
    """
    if not dialect.facts.takes_webhooks:
        raise BadInput(
            f"an application is not called through a webhook in the dialect {dialect.name}",
            where=sanitised(f"--host {host.partition('?')[0]}"),
            hint="Give the address of its socket: ws://HOST:PORT or wss://HOST",
        )
    return True


def _refuse_without_effect(dialect: Dialect, settings: SessionSettings) -> None:
    """Refuse what was asked for and cannot be asked of an API in this dialect.

    Raises:
        BadInput: There is such a thing.
    """
    facts, tools = dialect.facts, ", ".join(settings.tools)
    for given, possible, where in (
        (bool(settings.wishes), facts.takes_session, settings.wishes.source),
        (bool(settings.model), facts.takes_model, f"--model {settings.model}"),
        (settings.silence_given, facts.takes_silence, f"--silence-ms {settings.silence_ms}"),
        (bool(settings.tools), facts.calls_tools, f"tools of the scenario ({tools})"),
    ):
        if given and not possible:
            raise BadInput(
                f"cannot be asked for in the dialect {dialect.name}",
                where=where,
                hint="Leave it out; the other side is configured where it runs",
            )


def model_asked(route: Route) -> str:
    """Return the model that the address names, else the one that was asked for or the default.

    Empty where the address leads to a model of its own choice.
    """
    return _model_of(route.target, route.dialect, route.settings)


def _model_of(target: Target, dialect: Dialect, settings: SessionSettings) -> str:
    named = parse_qs(target.query or "").get("model")
    if named:
        return named[-1]
    ours = _names_model(dialect.path(settings))
    return settings.model or ("" if ours else dialect.default_model)


def _names_model(path: str) -> bool:
    """Return whether the dialect chooses the model in the query of the address."""
    return "model" in parse_qs(path.partition("?")[2])


def _with_model(target: Target, path: str, model: str) -> Target:
    """Return the target with the model in its query, where the dialect chooses it there.

    Raises:
        BadInput: The address names another model.
    """
    if not model or not _names_model(path):
        return target
    query = target.query or ""
    named = parse_qs(query).get("model")
    if named is None:
        query = f"{query}&{urlencode({'model': model})}" if query else urlencode({"model": model})
        return replace(target, query=query)
    if named[-1] != model:
        raise BadInput(
            f"asks for {model}, but the address names {sanitised(named[-1])}",
            where="--model",
            hint="Give the model in one place",
        )
    return target


def _conceal_credentials(target: Target) -> None:
    """Keep passwords and keys in the address itself out of messages."""
    conceal(target.password or "")
    if target.username is not None:
        # As the upgrade shows them (RFC 7617).
        conceal(b64encode(f"{target.username}:{target.password or ''}".encode()).decode())
    for name, value in parse_qsl(target.query or ""):
        if names_secret(name):
            conceal(value)


def names_secret(parameter: str) -> bool:
    """Return whether the name of an address parameter suggests a key or password."""
    return _KEY_PARAMETER.search(parameter) is not None


def is_header_name(name: str) -> bool:
    """Return whether the header of a key can be called so: none that the upgrade itself needs."""
    return _TOKEN.fullmatch(name) is not None and _OF_UPGRADE.fullmatch(name) is None


def _headers(
    dialect: Dialect, key: str | None, name: str, target: Target
) -> tuple[tuple[str, str], ...]:
    """Return the extra headers of the upgrade, with the key in the header that was asked for."""
    if not is_header_name(name):
        raise BadInput(
            "is no name of a header", where=f"--key-header {name}", hint="Such as api-key"
        )
    address = address_of(target)
    if key is None or name.lower() == BEARER.lower():
        return tuple(dialect.headers(key, address))
    return (*dialect.headers(None, address), (name, key))


def address_of(target: Target, scheme: str = "ws") -> str:
    """Return the address as the server sees it: without credentials, and the usual port.

    Args:
        target: The address.
        scheme: `ws`, or `http` of a webhook; without the `s` of a secure one.
    """
    scheme, usual = (f"{scheme}s", 443) if target.secure else (scheme, 80)
    port = "" if target.port == usual else f":{target.port}"
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{scheme}://{host}{port}{target.resource_name}"


def proxy_to(target: Target) -> tuple[tuple[str, int] | None, str]:
    """Return host and port of the HTTP proxy of the environment, and what it is to be shown."""
    address = proxy_for(target.host, secure=target.secure)
    if address is None:
        return None, ""
    try:
        found = urlsplit(address if "//" in address else f"//{address}")
        port = found.port or 3128
    except ValueError:
        found, port = urlsplit(""), 0
    if found.scheme not in ("", "http") or not found.hostname:
        raise BadInput(
            "the proxy of the environment is not an HTTP proxy",
            where="HTTPS_PROXY",
            hint="Give http://HOST:PORT, or exempt the target by NO_PROXY",
        )
    return (found.hostname, port), _basic(found.username, found.password)


def _basic(user: str | None, password: str | None) -> str:
    """Return Basic credentials (RFC 7617), empty for none."""
    if user is None and password is None:
        return ""
    words = f"{unquote(user or '')}:{unquote(password or '')}"
    shown = b64encode(words.encode()).decode()
    conceal(shown)
    return f"Basic {shown}"


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
