"""Create a development certificate for the names of this machine, signed by an authority whose key is never written.

A phone can trust the authority safely: its key exists only while this runs and signs no other certificate.
"""

import os
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import idna
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from facestream.errors import ConfigError
from facestream.remedies import remedy_of

VALID_DAYS = 365
"""iOS rejects a server's certificate of more than 825 days, and browsers will soon reject more than a year."""
SKEW = timedelta(hours=1)  # a phone's clock may be behind
IGNORE_ALL = "*\n"
MAX_NAME_CHARS = 253  # RFC 1035, 2.3.4, without the length before each label
EXPECTED = "expected a host name or an IP address"
# Host names have no underscores, but many machine names do, and browsers accept them. The first label may be a star.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class MadeFiles:
    """The files written, and until when the certificate is valid."""

    cert: Path
    key: Path
    authority: Path
    ends: datetime


def names_of_this_machine(addresses: Iterable[str]) -> list[str]:
    """The names and addresses of this machine, without duplicates."""
    host = socket.gethostname()
    # The mDNS name, which a phone in the same network can resolve.
    own = [host, f"{host}.local"] if "." not in host else [host]
    # A machine's name may be invalid in a certificate: "(none)", or more than 63 characters.
    nameable = [name for name in own if _is_nameable(name)]
    return list(dict.fromkeys(["localhost", *nameable, "127.0.0.1", "::1", *addresses]))


def checked_name(text: str) -> str:
    """Encode a name or address for a certificate, non-ASCII names as browsers do; raises ConfigError."""
    try:
        # A zone, as in fe80::1%eth0, has a meaning on one machine only.
        return str(ip_address(text.strip().strip("[]").partition("%")[0]))
    except ValueError:
        pass
    name = text.strip().rstrip(".").lower()
    try:
        if not name.isascii():
            name = idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ConfigError(f"name: got {text!r}, {error}; {EXPECTED}", "name") from error
    # Browsers parse a name whose last label is all digits as an IPv4 address.
    if len(name) > MAX_NAME_CHARS or not _NAME.fullmatch(name) or name.rpartition(".")[2].isdigit():
        raise ConfigError(
            f"name: got {text!r}; {EXPECTED}: letters, digits and hyphens, at most 63 between two dots and "
            f"{MAX_NAME_CHARS} in total, without https:// and port",
            "name",
        )
    return name


def _is_nameable(name: str) -> bool:
    try:
        return bool(checked_name(name))
    except ConfigError:
        return False


def make_certificate(folder: Path, names: Iterable[str]) -> MadeFiles:
    """Write cert.pem, key.pem and ca.pem, replacing existing ones; raises ConfigError."""
    now = datetime.now(UTC)
    ends = now + timedelta(days=VALID_DAYS)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    host = socket.gethostname()
    authority_name = _name(f"facestream development, {host if _is_nameable(host) else ''}, {now:%Y-%m-%d}")
    authority = (
        _builder(authority_name, authority_name, authority_key.public_key(), now, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        _builder(_name("facestream"), authority_name, key.public_key(), now, ends)
        .add_extension(
            x509.SubjectAlternativeName([_as_san(checked_name(name)) for name in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
        )
        .sign(authority_key, hashes.SHA256())
    )
    made = MadeFiles(folder / "cert.pem", folder / "key.pem", folder / "ca.pem", ends)
    chain = _pem(certificate) + _pem(authority)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text(IGNORE_ALL, encoding="ascii")
        _write(made.key, private, 0o600)
        _write(made.cert, chain, 0o644)
        _write(made.authority, _pem(authority), 0o644)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be written ({error.strerror}); expected a writable folder: "
            f"{remedy_of(error, 'choose another')}"
        ) from error
    return made


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(ends)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _as_san(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step, so that a server that reads it gets the old or the new content."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    # No other user may read a key, from the first moment on.
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    part.replace(path)
