"""Both routes that answer with a QR code reject what is asked for while too many codes are waited for."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.credentials.tokens import make_key
from facestream.ice.servers import CredentialSource
from facestream.sessions.registry import SessionRegistry
from facestream.web.app import make_app
from facestream.web.auth.policy import Access
from facestream.web.keys import QR_CODES
from facestream.web.qr_codes import MAX_WAITING
from facestream.web.reach import Reach
from facestream.workers.pool import AnalysisPool

ADDRESS = "http://192.0.2.7:8080/"
ADMIN = "an-admin-token-of-our-own"


@pytest.mark.parametrize("path", ["/qr", "/tokens"])
async def test_a_request_beyond_those_that_wait_may_try_again_later(tmp_path: Path, path: str):
    (tmp_path / "admins").write_text(ADMIN)
    make_key(tmp_path / "key")
    config = Config(
        auth="none", admin_tokens_file=str(tmp_path / "admins"), token_key_file=str(tmp_path / "key")
    )
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 0, 1)
    registry = SessionRegistry(config, pool, CredentialSource())
    app = make_app(config, registry, pool, Access(config, "127.0.0.1"), Reach("http", "127.0.0.1", 8080))
    admin = {"Authorization": f"Bearer {ADMIN}"}
    async with contextlib.AsyncExitStack() as opened:
        opened.push_async_callback(registry.close)
        client = await opened.enter_async_context(TestClient(TestServer(app)))
        codes = app[QR_CODES]
        # Those before it wait until the test has its answer.
        async with codes._one_at_a_time:
            waiting = [asyncio.create_task(codes.draw(ADDRESS)) for _ in range(MAX_WAITING)]
            await asyncio.sleep(0)
            rejected = await client.post(path, json={"url": ADDRESS}, headers=admin)
        await asyncio.gather(*waiting)
        served = await client.post(path, json={"url": ADDRESS}, headers=admin)

        assert (rejected.status, (await rejected.json(content_type=None))["code"]) == (429, "rate_limited")
        assert int(rejected.headers["Retry-After"]) >= 1
        assert served.ok
        assert "<svg" in (await served.json())["qr_svg"]
