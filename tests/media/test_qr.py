"""QR codes of the page's address: what they open, who gets them, and what is rejected."""

import json
from xml.etree import ElementTree

import pytest

from facestream.credentials.links import qr_svg
from facestream.web.routes.qr import CODES_PER_MINUTE
from tests.guarded import Guarded
from tests.media.test_access import LISTED, ask, code_of

__all__ = ["guarded"]
from tests.media.test_access import guarded

ADDRESS = "http://192.0.2.7:8080/"
HERE = {"Authorization": f"Bearer {LISTED}"}


def asking(url: object) -> bytes:
    return json.dumps({"url": url}).encode()


async def test_a_client_gets_the_code_of_an_address_as_an_image_without_scripts(guarded: Guarded):
    status, _, text = await ask(guarded.url, "POST", "/qr", asking(ADDRESS), **HERE)

    svg = json.loads(text)["qr_svg"]
    image = ElementTree.fromstring(svg)
    assert (status, svg) == (200, qr_svg(ADDRESS))
    assert {element.tag.rpartition("}")[2] for element in image.iter()} == {"svg", "path"}


async def test_a_client_that_may_open_no_session_gets_none(guarded: Guarded):
    status, _, text = await ask(guarded.url, "POST", "/qr", asking(ADDRESS))

    assert (status, code_of(text)) == (401, "token_required")


async def test_a_page_of_another_origin_gets_none(server_url: str):
    status, _, text = await ask(server_url, "POST", "/qr", asking(ADDRESS), Origin="https://evil.example")

    assert (status, code_of(text)) == (403, "origin_not_allowed")


@pytest.mark.parametrize(
    "body",
    [asking(""), asking("javascript:alert(1)"), asking("https://a b"), asking(7), asking("https://" + "a" * 300),
     b"{}", b"[]", b"{", b"\xff", b'{"url": "https://a/", "more": 1}'],
)  # fmt: skip
async def test_a_request_that_is_not_valid_is_rejected(guarded: Guarded, body: bytes):
    status, _, text = await ask(guarded.url, "POST", "/qr", body, **HERE)

    assert (status, code_of(text)) == (400, "bad_qr_request")


async def test_a_large_request_is_rejected(guarded: Guarded):
    status, _, text = await ask(guarded.url, "POST", "/qr", b" " * 2000, **HERE)

    assert (status, code_of(text)) == (413, "body_too_large")


async def test_one_address_gets_no_more_than_the_limit_a_minute(guarded: Guarded):
    elsewhere = {**HERE, "X_Forwarded_For": "203.0.113.77"}
    answers = [
        await ask(guarded.url, "POST", "/qr", asking(ADDRESS), **elsewhere)
        for _ in range(CODES_PER_MINUTE + 2)
    ]

    status, headers, text = answers[-1]
    assert [answer[0] for answer in answers[:CODES_PER_MINUTE]] == [200] * CODES_PER_MINUTE
    assert (status, code_of(text)) == (429, "rate_limited")
    assert int(headers["Retry-After"]) >= 1
    other, _, _ = await ask(
        guarded.url, "POST", "/qr", asking(ADDRESS), **{**HERE, "X_Forwarded_For": "203.0.113.78"}
    )
    assert other == 200
