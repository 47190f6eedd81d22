"""How media reach a peer: addresses, ports, STUN and TURN."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from facestream.config.lists import split_at_commas
from facestream.config.text_files import read_line
from facestream.ice.servers import CredentialSource, IceUrl, parse_ice_url

MIN_UDP_PORTS = 4  # one session takes a port for each address that is offered


def _checked_address(text: str) -> str:
    return str(ip_address(text))


def _checked_ice_url(text: str) -> str:
    return parse_ice_url(text).text


def _checked_ports(text: str) -> str:
    if text:
        _parse_ports(text)
    return text


def _parse_ports(text: str) -> range:
    match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text)
    first, last = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1024 <= first <= last < 2**16 or last - first + 1 < MIN_UDP_PORTS:
        raise ValueError(
            f"{text!r}; expected FIRST-LAST within 1024-65535, at least {MIN_UDP_PORTS} ports: 50000-50999"
        )
    return range(first, last + 1)


Address = Annotated[str, AfterValidator(_checked_address)]
Addresses = Annotated[tuple[Address, ...], NoDecode, BeforeValidator(split_at_commas)]
# An empty value in an environment file means no file; Path("") would be the current folder.
OptionalFile = Annotated[Path | None, BeforeValidator(lambda given: given or None)]
IceUrls = Annotated[
    tuple[Annotated[str, AfterValidator(_checked_ice_url)], ...], NoDecode, BeforeValidator(split_at_commas)
]


class NetworkSettings(BaseModel):
    """How media reach a peer: addresses, ports, STUN and TURN."""

    ice_address: Addresses = Field(
        (),
        description="address offered as ICE candidate (repeatable); default: every address of this machine, "
        "and loopback when listening on loopback",
    )
    public_address: Addresses = Field(
        (),
        description="address under which a 1:1 NAT shows this machine (repeatable, one for IPv4 and one for IPv6); "
        "offered instead of its own",
    )
    udp_ports: Annotated[str, AfterValidator(_checked_ports)] = Field(
        "", description="UDP ports that media use, as 50000-50999; default: any the system gives"
    )
    remote_candidates: Literal["public", "lan", "none"] = Field(
        "public",
        description="addresses of peers this server sends to unasked: public ones, those of a LAN too, or none; "
        "a peer that reaches the server needs none",
    )
    page_ice_server: IceUrls = Field(
        (), description="STUN or TURN server for the page (repeatable): turn:turn.example.org?transport=tcp"
    )
    server_ice_server: IceUrls = Field(
        (),
        description="STUN or TURN server for this server, where no peer can reach it (repeatable, tried in turn)",
    )
    server_ice_policy: Literal["all", "relay"] = Field(
        "all", description="relay: this server shows no address of its own, only that of its TURN server"
    )
    turn_username: str = Field(
        "", max_length=256, description="name at the TURN servers, where it is a fixed one"
    )
    turn_password: SecretStr | None = Field(
        None, description="password of turn_username; better by environment"
    )
    turn_secret: SecretStr | None = Field(
        None, description="coturn's static-auth-secret, for credentials that expire; better by environment"
    )
    turn_secret_file: OptionalFile = Field(None, description="file that holds turn_secret")
    turn_ttl_s: int = Field(
        3600, ge=60, le=86_400, description="time after which credentials made with turn_secret expire"
    )
    websocket_fallback: bool = Field(
        True, description="compatibility mode: pictures over a WebSocket where WebRTC does not get through"
    )
    max_jpeg_bytes: int = Field(
        1024 * 1024, ge=16 * 1024, le=16 * 1024 * 1024, description="largest JPEG taken in compatibility mode"
    )

    @property
    def udp_port_range(self) -> range | None:
        """The ports of `udp_ports`; None: any."""
        return _parse_ports(self.udp_ports) if self.udp_ports else None

    @property
    def page_ice_urls(self) -> tuple[IceUrl, ...]:
        return tuple(map(parse_ice_url, self.page_ice_server))

    @property
    def server_ice_urls(self) -> tuple[IceUrl, ...]:
        return tuple(map(parse_ice_url, self.server_ice_server))

    def credential_source(self) -> CredentialSource:
        """What makes the credentials of a session; raises ConfigError where the secret's file cannot be read."""
        secret = self.turn_secret.get_secret_value() if self.turn_secret else ""
        if self.turn_secret_file is not None:
            secret = read_line(self.turn_secret_file, "turn_secret_file", "coturn's secret as its only line")
        password = self.turn_password.get_secret_value() if self.turn_password else ""
        return CredentialSource(self.turn_username, password, secret, self.turn_ttl_s)

    @model_validator(mode="after")
    def _relays_can_be_opened(self) -> Self:
        secrets = [self.turn_secret, self.turn_secret_file, self.turn_password]
        if sum(bool(secret) for secret in secrets) > 1:
            raise ValueError("turn_password, turn_secret and turn_secret_file; expected one of them only")
        if bool(self.turn_username) != bool(self.turn_password):
            raise ValueError("turn_username and turn_password belong together; expected both or none")
        relays = [url for url in (*self.page_ice_urls, *self.server_ice_urls) if url.is_turn]
        if relays and not any(secrets):
            raise ValueError(
                f"{relays[0].text} has no credentials; expected turn_secret, turn_secret_file, or turn_username "
                "with turn_password"
            )
        return self

    @model_validator(mode="after")
    def _server_has_what_its_policy_asks(self) -> Self:
        if self.server_ice_policy == "relay" and not any(url.is_turn for url in self.server_ice_urls):
            raise ValueError("server_ice_policy is relay; expected a turn: address in server_ice_server")
        if literal := [url.text for url in self.server_ice_urls if ":" in url.host]:
            # aiortc 1.16 reads no brackets (rtcicetransport.py:21).
            raise ValueError(f"server_ice_server: {literal[0]}; expected a name or an IPv4 address")
        if len({ip_address(address).version for address in self.public_address}) < len(self.public_address):
            raise ValueError(
                "public_address: two of one kind; expected at most one IPv4 and one IPv6 address"
            )
        return self
