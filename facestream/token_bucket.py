"""Limit a rate with a token bucket: bursts up to a size, then a steady rate. Pure: the caller passes the time."""


class TokenBucket:
    """Allows `burst` events at once, and then one every `interval_s` seconds."""

    def __init__(self, interval_s: float, burst: int = 1) -> None:
        self._interval_s, self._burst = interval_s, burst
        self._tokens, self._updated_s = float(burst), 0.0

    def wait_s(self, now_s: float, amount: float = 1.0) -> float:
        """Take `amount` tokens and return 0.0, or take none and return the seconds until there are enough.

        `now_s` is any monotonic clock.
        """
        gained = (now_s - self._updated_s) / self._interval_s if self._updated_s else 0.0
        self._tokens = min(float(self._burst), self._tokens + gained)
        self._updated_s = now_s
        if self._tokens >= amount:
            self._tokens -= amount
            return 0.0
        return (amount - self._tokens) * self._interval_s
