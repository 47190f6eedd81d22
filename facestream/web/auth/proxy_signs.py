"""List the headers that proxies, load balancers, CDNs and tunnels add to a request; never reads a value."""

import re
from collections.abc import Iterable

from facestream.messages.http import OWNER_HEADER

# The only X- headers that browsers send on their own; any other one was added on the way.
_X_OF_CLIENTS = frozenset({OWNER_HEADER.lower(), "x-requested-with", "x-purpose", "x-moz", "x-client-data"})
# Words in names: X-Real-IP, CF-Connecting-IP, Client-Ip, WL-Proxy-Client-IP, Remote-User, Cdn-Loop, Via ...
_WORDS = frozenset(
    {
        "addr", "address", "arr", "cdn", "client", "clientip", "connecting", "edge", "forward", "forwarded", "forwards",
        "gateway", "ingress", "ip", "lb", "loop", "original", "proxies", "proxy", "real", "realip", "remote", "trace",
        "tunnel", "via",
    }
)  # fmt: skip
# First words, for vendors: CF-Ray, Fastly-SSL, Fly-Region, Ngrok-Trace-Id, Tailscale-User-Login ...
_VENDORS = frozenset(
    {
        "akamai", "ali", "amz", "amzn", "appengine", "azure", "b3", "cf", "cloudflare", "cloudfront", "do", "eagleeye",
        "envoy", "fastly", "fly", "gcp", "goog", "heroku", "incap", "istio", "kong", "linkerd", "netlify", "ngrok",
        "render", "rndr", "ssl", "surrogate", "tailscale", "traefik", "tencent", "true", "vercel", "wl",
    }
)  # fmt: skip
_NAMES = frozenset(
    {
        "baggage", "correlation-id", "disguised-host", "early-data", "front-end-https", "request-id", "traceparent",
        "tracestate",
    }
)  # fmt: skip


def shows_a_proxy(names: Iterable[str]) -> bool:
    """Whether one of the headers is one that only proxies add, whatever its value."""
    return any(map(_is_of_a_proxy, names))


def _is_of_a_proxy(name: str) -> bool:
    # A gateway behind a CGI interface sends X_Forwarded_For.
    name = name.lower().replace("_", "-")
    if name.startswith("x-"):
        return name not in _X_OF_CLIENTS
    words = re.split("-+", name)
    return name in _NAMES or words[0] in _VENDORS or not _WORDS.isdisjoint(words)
