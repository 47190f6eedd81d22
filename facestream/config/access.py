"""Who may come in, from where, and under which certificate."""

from ipaddress import ip_network
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode

from facestream.config.lists import split_at_commas


def _checked_origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ValueError("expected an origin like https://www.example.org, without a path")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _checked_network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ValueError(f"{error}; expected an address or a network like 10.0.0.0/8") from error


Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_origin)], ...], NoDecode, BeforeValidator(split_at_commas)
]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_network)], ...], NoDecode, BeforeValidator(split_at_commas)
]


class AccessSettings(BaseModel):
    """Who may come in, from where, and under which certificate."""

    auth: Literal["auto", "token", "none"] = Field(
        "auto",
        description="who needs a token: everybody who is not on this machine (auto), everybody, or nobody",
    )
    tokens_file: str = Field(
        "", description="file of tokens that let peers in, one a line, plain or sha256:HEX"
    )
    admin_tokens_file: str = Field(
        "", description="file of tokens for GET /sessions, one a line, as tokens_file"
    )
    token_key_file: str = Field(
        "certs/token.key",
        description="key that signs tokens with an end, made by `facestream token`; unused while it is not there",
    )
    allowed_origins: Origins = Field(
        (), description="origin whose pages may open sessions here, beside the server's own (repeatable)"
    )
    trusted_proxies: Networks = Field(
        ("127.0.0.1/32", "::1/128"),
        description="address or network of a reverse proxy whose X-Forwarded headers are believed (repeatable)",
    )
    tls: Literal["auto", "off"] = Field(
        "auto", description="https where there is a certificate (auto), or never (off)"
    )
    certs_dir: str = Field(
        "certs", description="folder of cert.pem and key.pem, and where `certs` makes them"
    )
    tls_cert: str = Field("", description="certificate with its chain (PEM), instead of the one in certs_dir")
    tls_key: str = Field("", description="private key of tls_cert (PEM)")

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if bool(self.tls_cert) != bool(self.tls_key):
            msg = "tls_cert and tls_key: one of them is given; expected both or none"
            raise ValueError(msg)
        return self
