"""`GET /metrics` for Prometheus: formats what `facestream/metrics.py` has counted; counts no frame itself."""

import asyncio
import time

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest

from facestream import __version__
from facestream.errors import FacestreamError
from facestream.messages.http import ProblemCode
from facestream.metrics import LAG_SAMPLE_EVERY_S
from facestream.web.auth.guards import is_admin, is_local, require_admin
from facestream.web.keys import CONFIG, METRICS, REJECTED
from facestream.web.problems import Handler, RejectedError, rejection_label

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUILD_INFO = CollectorRegistry()
"""The running version, for readers who may see it."""
_version = Gauge("facestream_build_info", "Always 1; label `version`.", ["version"], registry=BUILD_INFO)
_version.labels(__version__).set(1)

routes = web.RouteTableDef()


async def watch_loop(lag: Histogram) -> None:
    """Measure how late the event loop is, until cancelled: every peer waits at least that long."""
    while True:
        due_s = time.monotonic() + LAG_SAMPLE_EVERY_S
        await asyncio.sleep(LAG_SAMPLE_EVERY_S)
        lag.observe(max(0.0, time.monotonic() - due_s) * 1000)


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """The metrics, for the clients that the setting `metrics` allows, and for admins."""
    sees_version = await check_reader(request)
    body = generate_latest(request.app[METRICS])
    if sees_version:
        body += generate_latest(BUILD_INFO)
    return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


async def check_reader(request: web.Request) -> bool:
    """Pass for a client that may read the metrics; returns whether it may see the version. Raises RejectedError."""
    readers = request.app[CONFIG].metrics
    if readers == "off":
        raise RejectedError(404, ProblemCode.METRICS_OFF, "no metrics here; the setting `metrics` is off")
    local = await is_local(request)
    if readers == "local" and not local:
        require_admin(request)
    return local or is_admin(request)


@web.middleware
async def count_rejections(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count rejected requests; runs inside the middleware that turns errors into problems."""
    rejected = request.app[REJECTED]
    try:
        return await handler(request)
    except FacestreamError as error:
        if label := rejection_label(error):
            rejected[label] += 1
        raise
    except web.HTTPException as error:
        if error.status >= 400:
            rejected[f"http_{error.status}"] += 1
        raise
