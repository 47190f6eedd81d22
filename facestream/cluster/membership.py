"""The seam between a gateway and whatever knows which nodes there are: a list, a name in DNS, or Ray.

Says only where nodes are. How they are, a gateway asks the nodes themselves.
"""

from collections.abc import AsyncIterator
from typing import Protocol


class Nodes(Protocol):
    """Knows the addresses of the nodes."""

    def watch(self) -> AsyncIterator[frozenset[str]]:
        """The URLs of all nodes (http or https, with the port), at once and after each change; does not end.

        A source that cannot be asked at the moment is not a change: the nodes that are known go on. Raises ConfigError
        if it can never be asked, for a reason that the operator must mend.
        """
        ...
