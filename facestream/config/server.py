"""Settings of the HTTP server: where it listens, who has access, and what its operator sees."""

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from facestream.config.values import Formats, Networks, OptionalFile, Origins

DEFAULT_PORT = 8080


class HttpSettings(BaseModel):
    """Where the HTTP server listens, and the notice that its page shows."""

    host: str = Field("127.0.0.1", description="address the HTTP server listens on")
    port: int = Field(
        DEFAULT_PORT, ge=0, le=65535, description="TCP port of the HTTP server; 0: any free port"
    )
    notice: str = Field("", max_length=2000, description="text that the page shows before the camera opens")


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
        "",
        description="file of admin tokens, one per line, as in tokens_file; "
        "an admin lists, follows, marks and ends sessions, and issues tokens to peers",
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


class RecordSettings(BaseModel):
    """Whether the results of sessions are kept in files."""

    record: OptionalFile = Field(
        None,
        description="folder where the results of each session are kept: emotions, landmarks and times, not the "
        "video; the page tells the person (docs/record.md). Not set: none are",
    )
    record_days: int = Field(
        30,
        ge=0,
        le=36_500,
        description="days after which a recorded session is deleted; 0: it is not deleted",
    )
    record_formats: Formats = Field(
        ("csv", "jsonl", "html"),
        min_length=1,
        description="format of a recorded session: csv, jsonl, html, parquet, pyfeat, openface (repeatable)",
    )
    record_language: Literal["en", "de"] = Field(
        "en", description="language of the report of a recorded session"
    )


class OperationSettings(BaseModel):
    """Log, metrics and tunnel."""

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="lowest level logged")
    log_format: Literal["text", "json"] = Field(
        "text", description="text: a line for people; json: one JSON object per line for a log collector"
    )
    metrics: Literal["local", "everyone", "off"] = Field(
        "local", description="who may read GET /metrics: this machine and admins, everyone, or nobody"
    )
    tunnel: Literal["none", "ngrok"] = Field(
        "none", description="program that gives the server a public address; it carries no UDP media"
    )
