"""A Ray cluster for tests: a head without processors, and nodes that come and go. Run as a program.

A process of its own, so that nothing of Ray stays in that of pytest. Reads a JSON object per line on standard input,
answers each with one, and ends with everything that it has started at the end of input.
{"do": "add", "settings": {...}} starts a node; its raylet gets these variables of the environment (null: without it).
{"do": "kill", "node": ID} ends its raylet with SIGKILL.
"""

import json
import os
import sys
from typing import Any

from facestream.cluster.ray.names import RESOURCE

STORE_BYTES = 80 * 1024 * 1024


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Ray prints
    from ray.cluster_utils import Cluster

    common: dict[str, Any] = {"node_ip_address": "127.0.0.1", "object_store_memory": STORE_BYTES}
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **common}
    )
    answers.write(json.dumps({"address": cluster.address}) + "\n")
    answers.flush()
    nodes: dict[str, Any] = {}
    try:
        for line in sys.stdin:
            wish = json.loads(line)
            answer: dict[str, Any] = {}
            if wish["do"] == "add":
                before = dict(os.environ)
                for name, value in wish["settings"].items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value
                node = cluster.add_node(num_cpus=2, resources={RESOURCE: 1}, **common)
                os.environ.clear()
                os.environ.update(before)
                nodes[node.node_id] = node
                answer = {"node": node.node_id}
            else:
                node = nodes.pop(wish["node"])
                [raylet] = node.all_processes["raylet"]
                raylet.process.kill()
                raylet.process.wait()  # its workers wait for the end of a zombie, too
                cluster.remove_node(node, allow_graceful=False)
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
