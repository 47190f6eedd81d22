"""Settings of a cluster: the secret that its machines share, what a node is called, and where a gateway finds nodes."""

from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from facestream.config.text_files import read_line
from facestream.config.values import NodeAddresses, OptionalFile
from facestream.errors import ConfigError
from facestream.session_ids import NODE_ID

MIN_SECRET_CHARS = 32


class ClusterSettings(BaseModel):
    """Whether this server is a node of a cluster, and which nodes a gateway passes clients on to."""

    cluster_secret: SecretStr | None = Field(
        None,
        description="secret that the gateways and nodes of a cluster share, 32 characters or more; with it, `serve` "
        "is a node. Prefer the environment variable",
    )
    cluster_secret_file: OptionalFile = Field(None, description="file that contains cluster_secret")
    node_id: str = Field(
        "",
        pattern=f"^({NODE_ID})?$",
        description="what this node is called in the ids of its sessions, a-z and 0-9; default: random at each start",
    )
    nodes: NodeAddresses = Field(
        (),
        description="node for the gateway (repeatable): http://10.0.0.5:8080; dns+http://NAME:PORT for every address "
        "of a name; ray for the nodes of the Ray cluster of this machine",
    )
    nodes_ca: OptionalFile = Field(
        None, description="certificates (PEM) that the gateway trusts for https nodes, besides the system's"
    )

    def shared_secret(self) -> str:
        """The secret of the cluster; empty: there is none. Raises ConfigError."""
        secret, setting = "", "cluster_secret"
        if self.cluster_secret is not None:
            secret = self.cluster_secret.get_secret_value()
        elif self.cluster_secret_file is not None:
            setting = "cluster_secret_file"
            secret = read_line(
                self.cluster_secret_file, setting, "the secret of the cluster as its only line"
            )
        else:
            return ""
        if len(secret) < MIN_SECRET_CHARS:
            raise ConfigError(
                f"{setting}: got {len(secret)} characters; expected at least {MIN_SECRET_CHARS} "
                '(`python -c "import secrets; print(secrets.token_urlsafe(48))"` makes some)',
                setting,
            )
        return secret

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if self.cluster_secret is not None and self.cluster_secret_file is not None:
            raise ValueError("cluster_secret and cluster_secret_file; expected one of them only")
        return self
