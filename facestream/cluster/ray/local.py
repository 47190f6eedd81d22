"""A Ray cluster of several nodes on this machine alone, to try out; it listens on 127.0.0.1 and ends with this process.

Uses what Ray's own tests use: `ray stop` would end other Ray clusters of this machine, too.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from facestream.cluster.ray.connection import check_installed
from facestream.cluster.ray.names import RAY_ENVIRONMENT, RESOURCE
from facestream.config.cores import usable_cores

LOOPBACK = "127.0.0.1"
STORE_BYTES = 80 * 1024 * 1024
"""Of Ray's memory for objects, which facestream does not use; the least that Ray takes is 75 MB."""
# Ray replaces 127.0.0.1 by the outer address of the machine, except where it believes that there is only one machine.
_ONE_MACHINE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


@contextlib.contextmanager
def local_cluster(nodes: int) -> Iterator[Path]:
    """A cluster with so many nodes inside; gives a shell script that sets what other commands need to reach it.

    Changes the environment of this process, from which the nodes take their settings. Raises RayUnavailableError.
    """
    check_installed()
    secret = os.environ.get("FACESTREAM_CLUSTER_SECRET") or secrets.token_urlsafe(48)
    processes = max(1, int(usable_cores()) // nodes)
    with tempfile.TemporaryDirectory(prefix="facestream-ray-") as folder:
        shared = {
            **RAY_ENVIRONMENT,
            **_ONE_MACHINE,
            "RAY_TMPDIR": folder,
            # No other user of this machine may run code in it.
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "FACESTREAM_CLUSTER_SECRET": secret,
        }
        os.environ.update(shared)
        os.environ.setdefault("FACESTREAM_ANALYSIS_PROCESSES", str(processes))
        settings_of_gateway = {name: os.environ.get(name) for name in ("FACESTREAM_HOST", "FACESTREAM_PORT")}
        os.environ.update({"FACESTREAM_HOST": LOOPBACK, "FACESTREAM_PORT": "0"})
        from ray.cluster_utils import Cluster

        common: dict[str, Any] = {"node_ip_address": LOOPBACK, "object_store_memory": STORE_BYTES}
        cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **common}
        )
        try:
            for _ in range(nodes):
                cluster.add_node(num_cpus=processes + 1, resources={RESOURCE: 1}, **common)
            os.environ["RAY_ADDRESS"] = cluster.address
            for name, value in settings_of_gateway.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
            script = Path(folder) / "environment"
            # The folder is open to this user only.
            script.touch(mode=0o600)
            settings = {**shared, "RAY_ADDRESS": cluster.address}
            script.write_text("".join(f"export {name}={value}\n" for name, value in settings.items()))
            yield script
        finally:
            cluster.shutdown()  # type: ignore[no-untyped-call]
