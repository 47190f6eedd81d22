"""Signed statements of a gateway: valid for one request, for a minute, with one secret."""

from dataclasses import replace
from typing import Any

import pytest

from facestream.credentials.statements import VALID_S, SignatureError, Statement, check, digest_of, sign

SECRET = "s" * 32
NOW_S = 1_790_000_000.0
STATEMENT = Statement("POST", "/offer", "192.0.2.7", "example.org", "https")


def test_a_signed_statement_is_believed():
    check(STATEMENT, sign(STATEMENT, SECRET, NOW_S), SECRET, NOW_S + 1)


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "DELETE"},
        {"target": "/node/drain"},
        {"client": "192.0.2.8"},
        {"client": ""},
        {"host": "example.net"},
        {"scheme": "http"},
        {"is_local": True},
        {"body_sha256": digest_of(b"")},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_statement_that_was_changed_is_not_believed(changed: dict[str, Any]):
    signature = sign(STATEMENT, SECRET, NOW_S)

    with pytest.raises(SignatureError, match="the same cluster_secret"):
        check(replace(STATEMENT, **changed), signature, SECRET, NOW_S)


def test_another_secret_is_not_believed():
    with pytest.raises(SignatureError, match="the same cluster_secret"):
        check(STATEMENT, sign(STATEMENT, "t" * 32, NOW_S), SECRET, NOW_S)


@pytest.mark.parametrize("off_s", [-VALID_S - 2, VALID_S + 2])
def test_a_signature_of_another_time_is_rejected_with_the_clocks(off_s: float):
    with pytest.raises(SignatureError, match="set the clocks of both machines"):
        check(STATEMENT, sign(STATEMENT, SECRET, NOW_S), SECRET, NOW_S + off_s)


@pytest.mark.parametrize("signature", ["", "v1", "v2 1790000000 " + 64 * "0", "v1 1790000000 " + 64 * "é"])
def test_what_is_no_signature_is_rejected(signature: str):
    with pytest.raises(SignatureError, match="no signature"):
        check(STATEMENT, signature, SECRET, NOW_S)
