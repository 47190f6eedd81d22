import argparse
from pathlib import Path

import pytest

from facestream.cli import doctor
from facestream.config import Config
from facestream.doctor import machine, own_server
from facestream.doctor.findings import Verdict


async def test_without_models_the_doctor_starts_no_server_so_nothing_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(machine, "MODELS_DIR", tmp_path)
    monkeypatch.setattr(own_server, "own_server", lambda: pytest.fail("a server was started"))

    found = [finding async for finding in doctor._findings(Config(port=0), argparse.Namespace(url=""))]

    verdicts = {finding.check: finding.verdict for finding in found}
    assert verdicts["models"] is Verdict.ERROR
    assert found[-1].check == "server"
    assert found[-1].verdict is Verdict.ERROR
    assert "models do not work" in found[-1].found
    assert "make models" in found[-1].remedy
