"""What the connections of a gateway make of nodes that cannot be reached."""

import pytest

from facestream.cluster.placement import Fleet, NodeState
from facestream.gateway.node_client import NodeClient, NodeFailedError, tls_context


@pytest.mark.parametrize("host", ["node..example", "a" * 64, "."])
async def test_what_cannot_be_a_name_is_a_node_that_fails_and_no_fault_of_the_gateway(host: str):
    """An error of another kind would end the questions to all other nodes, too."""
    url, fleet = f"http://{host}:8080", Fleet("0.1.0")
    fleet.set_members([url])
    client = NodeClient("a secret of a cluster, long enough", fleet, tls_context(None))
    try:
        with pytest.raises(NodeFailedError, match="its name cannot be looked up"):
            await client.ask(url, "GET", "/node")
    finally:
        await client.close()

    (node,) = fleet
    assert fleet.state(node, 0.0) is NodeState.SUSPECT
