"""The objects that every route can get from the application."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CollectorRegistry

from facestream.config import Config
from facestream.ice.servers import CredentialSource
from facestream.sessions.address_rate import AddressRate
from facestream.web.auth.policy import Access
from facestream.web.qr_codes import QrCodes
from facestream.web.reach import Reach
from facestream.web.supervision import Supervisor

# A gateway has neither, and does not load the libraries of both.
if TYPE_CHECKING:
    from facestream.sessions.registry import SessionRegistry
    from facestream.workers.pool import AnalysisPool

CONFIG = web.AppKey("config", Config)
REGISTRY: web.AppKey["SessionRegistry"] = web.AppKey("registry")
REQUEST_RATE: web.AppKey[Callable[[str], None]] = web.AppKey("request_rate")
"""Counts one request of an address for a session; raises RateLimitedError."""
REJECTED = web.AppKey("rejected", Counter[str])
"""Rejected requests by reason."""
ACCESS = web.AppKey("access", Access)
REACH = web.AppKey("reach", Reach)
QR_RATE = web.AppKey("qr_rate", AddressRate)
QR_CODES = web.AppKey("qr_codes", QrCodes)
SUPERVISOR = web.AppKey("supervisor", Supervisor)
POOL: web.AppKey["AnalysisPool"] = web.AppKey("pool")
METRICS = web.AppKey("metrics", CollectorRegistry)
PAGE_FILES = web.AppKey("page_files", dict[str, Path])
"""The scripts and styles of the page by URL path."""
OPENAPI_TEXT = web.AppKey("openapi_text", str)
MODELS = web.AppKey("models", Sequence[str])
"""Those of the analysis, with their versions."""
CREDENTIALS = web.AppKey("credentials", CredentialSource)
