"""Report whether the server works (`/healthz`) and admits new peers (`/readyz`); shows its version to admins only."""

from aiohttp import web

from facestream import __version__
from facestream.messages.http import Health, Readiness, VersionedHealth
from facestream.sessions.registry import SessionRegistry
from facestream.web.auth.guards import is_admin
from facestream.web.keys import POOL, REGISTRY, SUPERVISOR
from facestream.workers.pool import AnalysisPool

routes = web.RouteTableDef()


@routes.get("/healthz")
async def health(request: web.Request) -> web.Response:
    """200 while frames are analysed; 503 while no worker runs."""
    pool = request.app[POOL]
    works = analyses(pool)
    body = Health(
        status="ok" if works else f"no analysis process is running: {_why_none(pool)}",
        sessions=len(request.app[REGISTRY]),
        analysis_processes=pool.alive,
        restarts=pool.restarts,
    )
    # Do not check whether the client is local: that costs more than the response.
    if is_admin(request):
        body = VersionedHealth(**dict(body), version=__version__)
    return web.json_response(text=body.to_json(), status=200 if works else 503)


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    """200 while a new peer would be admitted and its frames analysed; 503 with what is missing.

    A failed auxiliary task is reported, but does not make the server unready: it serves without the task.
    """
    missing = what_is_missing(request.app[REGISTRY], request.app[POOL])
    recorder = request.app[REGISTRY].recorder
    impaired = request.app[SUPERVISOR].impaired() + (
        [recorder.impaired] if recorder and recorder.impaired else []
    )
    body = Readiness(ready=not missing, missing=missing, impaired=impaired)
    return web.json_response(text=body.to_json(), status=503 if missing else 200)


def what_is_missing(registry: SessionRegistry, pool: AnalysisPool) -> list[str]:
    """What keeps the server from serving a new peer, as sentences. A full server is ready: its sessions end."""
    missing = []
    if not pool.models_loaded:
        missing.append("models: not loaded yet, or no process could load them; see the log")
    if not analyses(pool):
        missing.append(f"analysis: {_why_none(pool)}")
    if registry.draining:
        missing.append("draining: the server is stopping or being drained, and admits no new peers")
    return missing


def _why_none(pool: AnalysisPool) -> str:
    why = f" ({pool.shortage})" if pool.shortage else ""
    return f"none of {pool.size} processes runs; one is being started{why}"


def analyses(pool: AnalysisPool) -> bool:
    """Whether frames are analysed, or are not meant to be."""
    return pool.alive > 0 or pool.size == 0
