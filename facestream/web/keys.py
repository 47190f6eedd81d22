"""What every route may ask the application for."""

from aiohttp import web

from facestream.config import Config
from facestream.media.pool import AnalysisPool
from facestream.registry import SessionRegistry

CONFIG = web.AppKey("config", Config)
REGISTRY = web.AppKey("registry", SessionRegistry)
POOL = web.AppKey("pool", AnalysisPool)
