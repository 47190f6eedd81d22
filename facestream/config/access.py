"""Settings of access control, trusted proxies and TLS."""

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from facestream.config.values import Networks, Origins


class AccessSettings(BaseModel):
    """Who needs a token, which origins and proxies are trusted, and which certificate is used."""

    auth: Literal["auto", "token", "none"] = Field(
        "auto",
        description="who needs an access token: clients on other machines (auto), all clients (token), nobody (none)",
    )
    tokens_file: str = Field(
        "", description="file of access tokens for peers, one per line, plain or sha256:HEX"
    )
    admin_tokens_file: str = Field(
        "", description="file of tokens for GET /sessions, one per line, as in tokens_file"
    )
    token_key_file: str = Field(
        "certs/token.key",
        description="key that signs tokens with an expiry time; `facestream token` creates it",
    )
    allowed_origins: Origins = Field(
        (), description="origin whose pages may open sessions, besides the server's own (repeatable)"
    )
    trusted_proxies: Networks = Field(
        ("127.0.0.1/32", "::1/128"),
        description="address or network of a reverse proxy whose X-Forwarded headers are trusted (repeatable)",
    )
    tls: Literal["auto", "off"] = Field(
        "auto", description="https if there is a certificate (auto), or never (off)"
    )
    certs_dir: str = Field(
        "certs", description="directory of cert.pem and key.pem; `facestream certs` creates them there"
    )
    tls_cert: str = Field("", description="certificate with its chain (PEM), instead of the one in certs_dir")
    tls_key: str = Field("", description="private key of tls_cert (PEM)")

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if bool(self.tls_cert) != bool(self.tls_key):
            msg = "tls_cert and tls_key: only one of them is set; expected both or none"
            raise ValueError(msg)
        return self
