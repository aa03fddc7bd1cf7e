"""TLS, when there is a certificate."""

import ssl
from pathlib import Path

from harness.errors import BadInput, sanitised


def encrypted_by(certificate: Path | None, private_key: Path | None) -> ssl.SSLContext | None:
    """Return what a TLS server needs, `None` when there is no certificate.

    Args:
        certificate: PEM file with the certificate and its chain.
        private_key: PEM file with its key, `None` when that is in the certificate's file.

    Raises:
        BadInput: They cannot be read or do not belong together.
    """
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, private_key)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"cannot use the certificate: {sanitised(error.strerror or error)}",
            where=str(certificate),
            hint="Name PEM files of a certificate and of its key",
        ) from error
    return context
