"""Settings of the network path of media: addresses, ports, STUN and TURN."""

from ipaddress import ip_address
from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from facestream.config.text_files import read_line
from facestream.config.values import Addresses, IceUrls, OptionalFile, UdpPorts, parse_ports
from facestream.ice.servers import CredentialSource, IceUrl, parse_ice_url


class NetworkSettings(BaseModel):
    """Addresses, ports, STUN and TURN servers, and the fallback without WebRTC."""

    ice_address: Addresses = Field(
        (),
        description="local address offered as ICE candidate (repeatable); default: every address of this machine, "
        "and loopback when the HTTP server listens on loopback",
    )
    public_address: Addresses = Field(
        (),
        description="public address of this machine behind a 1:1 NAT (repeatable, one for IPv4 and one for IPv6); "
        "offered instead of its local addresses",
    )
    udp_ports: UdpPorts = Field("", description="UDP ports for media, as 50000-50999; default: any free port")
    remote_candidates: Literal["public", "lan", "none"] = Field(
        "public",
        description="candidates of peers that this server sends checks to: public addresses, LAN addresses too, or "
        "none; a peer that reaches the server by itself needs none",
    )
    page_ice_server: IceUrls = Field(
        (), description="STUN or TURN server for the page (repeatable): turn:turn.example.org?transport=tcp"
    )
    server_ice_server: IceUrls = Field(
        (),
        description="STUN or TURN server for this server if no peer can reach it directly (repeatable, tried in order)",
    )
    server_ice_policy: Literal["all", "relay"] = Field(
        "all", description="relay: offer only the address of the TURN server, none of this machine"
    )
    turn_username: str = Field("", max_length=256, description="fixed user name at the TURN servers")
    turn_password: SecretStr | None = Field(
        None, description="password of turn_username; prefer the environment variable"
    )
    turn_secret: SecretStr | None = Field(
        None,
        description="coturn's static-auth-secret for credentials that expire; prefer the environment variable",
    )
    turn_secret_file: OptionalFile = Field(None, description="file that contains turn_secret")
    turn_ttl_s: int = Field(
        3600, ge=60, le=86_400, description="time after which credentials made with turn_secret expire"
    )
    websocket_fallback: bool = Field(
        True, description="compatibility mode: JPEGs over a WebSocket if WebRTC does not get through"
    )
    max_jpeg_bytes: int = Field(
        1024 * 1024,
        ge=16 * 1024,
        le=16 * 1024 * 1024,
        description="largest JPEG accepted in compatibility mode",
    )

    @property
    def udp_port_range(self) -> range | None:
        """The ports of `udp_ports`; None: any free port."""
        return parse_ports(self.udp_ports) if self.udp_ports else None

    @property
    def page_ice_urls(self) -> tuple[IceUrl, ...]:
        return tuple(map(parse_ice_url, self.page_ice_server))

    @property
    def server_ice_urls(self) -> tuple[IceUrl, ...]:
        return tuple(map(parse_ice_url, self.server_ice_server))

    def credential_source(self) -> CredentialSource:
        """The source of a session's TURN credentials; raises ConfigError if turn_secret_file cannot be read."""
        secret = self.turn_secret.get_secret_value() if self.turn_secret else ""
        if self.turn_secret_file is not None:
            secret = read_line(self.turn_secret_file, "turn_secret_file", "coturn's secret as its only line")
        password = self.turn_password.get_secret_value() if self.turn_password else ""
        return CredentialSource(self.turn_username, password, secret, self.turn_ttl_s)

    @model_validator(mode="after")
    def _turn_has_credentials(self) -> Self:
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
    def _ice_servers_fit(self) -> Self:
        if self.server_ice_policy == "relay" and not any(url.is_turn for url in self.server_ice_urls):
            raise ValueError("server_ice_policy is relay; expected a turn: address in server_ice_server")
        if literal := [url.text for url in self.server_ice_urls if ":" in url.host]:
            # aiortc 1.16 cannot parse brackets (rtcicetransport.py:21).
            raise ValueError(f"server_ice_server: {literal[0]}; expected a name or an IPv4 address")
        if len({ip_address(address).version for address in self.public_address}) < len(self.public_address):
            raise ValueError(
                "public_address: two of one IP version; expected at most one IPv4 and one IPv6 address"
            )
        return self
