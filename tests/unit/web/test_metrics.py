import json
import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from facestream.analysis.options import AnalysisOptions
from facestream.config import Config
from facestream.credentials.tokens import TokenMissingError
from facestream.errors import (
    AnalysisUnavailableError,
    FacestreamError,
    FragmentError,
    NoPortError,
    OfferError,
    OfferTooLargeError,
    RequestLateError,
    RestartError,
)
from facestream.ice.servers import CredentialSource
from facestream.messages.http import ProblemCode
from facestream.metrics import StreamCounts
from facestream.sessions.admission import (
    DrainingError,
    RateLimitedError,
    RejectionReason,
    ServerFullError,
    TooManyError,
)
from facestream.sessions.ending import Ending
from facestream.sessions.registry import SessionRegistry
from facestream.web.collector import make_metrics
from facestream.web.problems import RejectedError, rejection_label
from facestream.web.routes.metrics import BUILD_INFO
from facestream.workers.pool import AnalysisPool
from tests.conftest import ROOT

DASHBOARD = json.loads((ROOT / "docs" / "grafana" / "facestream.json").read_text(encoding="utf-8"))
METRIC = re.compile(r"\b(?:facestream|process)_[a-z_]+")
Labels = dict[str, set[str]]


async def served(folder: Path) -> Labels:
    """The labels of every metric by name, after each counter has counted."""
    pool = AnalysisPool(folder, AnalysisOptions(), 0, 1)
    registry = SessionRegistry(Config(), pool, CredentialSource())
    registry.measures.session_ended("webrtc", Ending.GOODBYE.label, StreamCounts())
    registry.measures.rejected["offer"] += 1
    registry.measures.ice["host-prflx"] += 1
    text = (generate_latest(make_metrics(registry, pool)) + generate_latest(BUILD_INFO)).decode()
    await registry.close()
    labels: Labels = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


def expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


async def test_every_metric_of_the_dashboard_is_served(tmp_path: Path):
    named = {name for expression in expressions() for name in METRIC.findall(expression)}

    assert named
    assert named <= (await served(tmp_path)).keys()


async def test_every_label_that_the_dashboard_sums_by_is_served(tmp_path: Path):
    labels = await served(tmp_path)

    for expression in expressions():
        wanted = {
            label.strip() for found in re.findall(r"by \(([^)]*)\)", expression) for label in found.split(",")
        }
        given = set.union(*(labels[name] for name in METRIC.findall(expression)))
        assert wanted <= given, expression


async def test_every_metric_is_documented(tmp_path: Path):
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    families = {re.sub(r"_(total|bucket|sum|count|created)$", "", name) for name in await served(tmp_path)}

    missing = [name for name in families if name.startswith("facestream_") and name not in page]

    assert not missing


def test_every_panel_queries_the_chosen_server_only():
    assert [expression for expression in expressions() if '{instance=~"$instance"' not in expression] == []


@pytest.mark.parametrize(
    ("error", "label"),
    [
        (OfferError(""), "offer"),
        (OfferTooLargeError(""), "http_413"),
        (FragmentError(""), "fragment"),
        (RequestLateError(""), "request_late"),
        (RestartError(""), "restart"),
        (NoPortError(""), "no_port"),
        (ServerFullError("", RejectionReason.SESSIONS), "server_full"),
        (DrainingError("", RejectionReason.STOPPING), "server_full"),
        (TooManyError("", RejectionReason.ADDRESS_SESSIONS), "too_many"),
        (RateLimitedError("", RejectionReason.REQUEST_RATE), "too_many"),
        (TokenMissingError(""), "token"),
        (RejectedError(403, ProblemCode.NOT_YOUR_SESSION, ""), "http_403"),
    ],
)
def test_the_labels_of_rejections_do_not_change(error: FacestreamError, label: str):
    assert rejection_label(error) == label


def test_a_fault_in_the_server_is_no_rejection():
    assert rejection_label(AnalysisUnavailableError("")) == ""
