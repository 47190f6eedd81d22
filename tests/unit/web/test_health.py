from pathlib import Path

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.ice.servers import CredentialSource
from facestream.sessions.registry import SessionRegistry
from facestream.web.routes.health import what_is_missing
from facestream.workers.pool import AnalysisPool


async def test_a_server_with_analysis_switched_off_is_ready(tmp_path: Path):
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 0, 1)
    registry = SessionRegistry(Config(), pool, CredentialSource())

    missing = what_is_missing(registry, pool)

    await registry.close()
    assert missing == []


async def test_missing_models_and_workers_are_named(tmp_path: Path):
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 2, 1)
    registry = SessionRegistry(Config(), pool, CredentialSource())

    missing = what_is_missing(registry, pool)

    await registry.close()
    assert [sentence.partition(":")[0] for sentence in missing] == ["models", "analysis"]


async def test_a_stopping_server_is_not_ready(tmp_path: Path):
    pool = AnalysisPool(tmp_path, AnalysisOptions(), 0, 1)
    registry = SessionRegistry(Config(), pool, CredentialSource())
    await registry.close()

    missing = what_is_missing(registry, pool)

    assert [sentence.partition(":")[0] for sentence in missing] == ["draining"]
