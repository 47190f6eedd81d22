"""Limit how often each address may do something. Pure: the caller passes the time."""

from collections import OrderedDict

from facestream.token_bucket import TokenBucket

MAX_KNOWN_ADDRESSES = 4096
"""About 1 MB. Beyond it, the address whose last event is oldest is forgotten, which refills its token bucket."""


class AddressRate:
    """At most so many events a minute of each address, also all of them at once."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def wait_s(self, address: str, now_s: float) -> float:
        """Count one event and return 0.0, or count none and return the seconds until there may be one.

        Empty address: not limited.
        """
        return self._bucket(address).wait_s(now_s) if address else 0.0

    def _bucket(self, address: str) -> TokenBucket:
        bucket = self._buckets.pop(address, None) or TokenBucket(60 / self.per_minute, self.per_minute)
        self._buckets[address] = bucket
        if len(self._buckets) > MAX_KNOWN_ADDRESSES:
            self._buckets.popitem(last=False)
        return bucket
