"""Find and load the server's certificate, for TLS 1.2 and later; reload a renewed certificate without a restart."""

import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

from facestream.config import Config
from facestream.config.text_files import has_mark, read_content
from facestream.errors import ConfigError
from facestream.resources import COMMAND

logger = logging.getLogger(__name__)

EXPECTED = "a certificate or a key as text (PEM)"

CERT_FILE = "cert.pem"
KEY_FILE = "key.pem"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its chain, and its key."""

    cert: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """The TLS context of the listening socket; raises ConfigError."""
        for path in (self.cert, self.key):
            _check(path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.cert, self.key, password=_no_password)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"{self.cert} with {self.key}: {error}; expected a certificate and its key without a password, as "
                f"`{COMMAND} certs` makes, or --tls off",
                "tls",
            ) from error
        return context

    def renew(self, context: ssl.SSLContext) -> None:
        """Load the present files for new connections; if they are wrong, the previous certificate stays in use."""
        try:
            # Into a new context first: a certificate without its key would break every new connection.
            self.context()
            context.load_cert_chain(self.cert, self.key, password=_no_password)
        except (ConfigError, OSError) as error:
            logger.warning("certificate not reloaded, the previous one stays in use: %s", error)
        else:
            logger.info("certificate reloaded from %s", self.cert)


def find_certificate(config: Config) -> Certificate | None:
    """The certificate that the settings name or the folder holds; None: plain HTTP. Raises ConfigError."""
    if config.tls == "off":
        return None
    if config.tls_cert:
        return Certificate(Path(config.tls_cert), Path(config.tls_key))
    found = Certificate(Path(config.certs_dir) / CERT_FILE, Path(config.certs_dir) / KEY_FILE)
    try:
        has_cert, has_key = found.cert.exists(), found.key.exists()
    except OSError as error:
        raise ConfigError(
            f"certs_dir: {config.certs_dir} cannot be searched ({error.strerror}); expected a folder that this user "
            "can read, or --tls off",
            "certs_dir",
        ) from error
    if has_cert != has_key:
        missing = found.key if has_cert else found.cert
        raise ConfigError(
            f"{missing} is missing; expected certificate and key together, or --tls off", "certs_dir"
        )
    return found if has_cert else None


def _check(path: Path) -> None:
    """Check a file that OpenSSL would reject with an error number only, or block on; raises ConfigError."""
    content = read_content(path, "tls", EXPECTED)
    if has_mark(content):
        raise ConfigError(
            f"tls: {path} begins with a byte order mark; expected {EXPECTED}: save it as ASCII in your editor",
            "tls",
        )
    if b"-----BEGIN " not in content:
        raise ConfigError(f"tls: {path} has no -----BEGIN line; expected {EXPECTED}", "tls")


def _no_password() -> str:
    # Without this, OpenSSL asks on the terminal and the server never starts.
    raise ValueError("the key has a password")
