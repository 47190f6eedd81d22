"""Tokens that an admin issues over HTTP: who may, what they allow, and what the log has of them."""

import json
from xml.etree import ElementTree

import pytest

from facestream.credentials.tokens import Purpose, Tokens
from tests.guarded import Guarded
from tests.media.test_access import ADMIN, LISTED, ask, code_of, signed

__all__ = ["guarded"]
from tests.media.test_access import guarded

WANTED = {"lifetime_h": 2, "subject": "workshop", "url": "https://faces.example/x/#old"}


async def create(guarded: Guarded, wanted: object, token: str = ADMIN) -> tuple[int, str]:
    body = wanted if isinstance(wanted, bytes) else json.dumps(wanted).encode()
    status, headers, text = await ask(guarded.url, "POST", "/tokens", body, Authorization=f"Bearer {token}")
    if status == 201:
        assert headers["Cache-Control"] == "no-store"
    return status, text


async def test_an_issued_token_opens_a_session_and_nothing_of_an_admin(guarded: Guarded):
    status, text = await create(guarded, WANTED)

    token = json.loads(text)["token"]
    _, _, config = await ask(guarded.url, "GET", "/config", b"", Authorization=f"Bearer {token}")
    listed, _, _ = await ask(guarded.url, "GET", "/sessions", b"", Authorization=f"Bearer {token}")
    again, _ = await create(guarded, WANTED, token)
    assert status == 201
    assert json.loads(config)["token_problem"] == ""
    assert (listed, again) == (403, 403)
    Tokens(Purpose.PEER, (), guarded.key).check(token)


async def test_the_link_and_its_qr_code_open_the_page_with_the_token(guarded: Guarded):
    _, text = await create(guarded, WANTED)

    issued = json.loads(text)
    assert issued["link"] == f"https://faces.example/x/#token={issued['token']}"
    assert issued["expires_in_s"] == 7200
    image = ElementTree.fromstring(issued["qr_svg"])
    assert {element.tag.rpartition("}")[2] for element in image.iter()} == {"svg", "path"}


async def test_without_a_url_there_is_no_link(guarded: Guarded):
    status, text = await create(guarded, {})

    assert (status, set(json.loads(text))) == (201, {"token", "expires_in_s"})


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [("", 401, "token_required"), ("wrong", 401, "token_wrong"), (LISTED, 403, "not_an_admin")],
)
async def test_only_admins_get_tokens(guarded: Guarded, token: str, status: int, code: str):
    answered, text = await create(guarded, WANTED, token)

    assert (answered, code_of(text)) == (status, code)


async def test_a_signed_admin_token_may_issue_too(guarded: Guarded):
    status, _ = await create(guarded, {}, signed(guarded.key, purpose=Purpose.ADMIN))

    assert status == 201


@pytest.mark.parametrize(
    "wanted",
    [
        {"lifetime_h": 24.1}, {"lifetime_h": 0}, {"lifetime_h": -1}, {"lifetime_h": "long"}, {"subject": ""},
        {"subject": "x" * 65}, {"url": "javascript:alert(1)"}, {"url": "https://a b"}, {"url": "https://" + "a" * 300},
        {"lifetime_h": "2"}, {"lifetime_h": True}, {"lifetime_h": 0.019}, {"lifetime_h": 1e-300}, {"subject": 7},
        {"admin": True}, [], b"{", b'{"lifetime_h": NaN}', b"\xff",
    ],
)  # fmt: skip
async def test_a_request_that_is_not_valid_is_rejected(guarded: Guarded, wanted: object):
    status, text = await create(guarded, wanted)

    assert (status, code_of(text)) == (400, "bad_token_request")


async def test_a_large_request_is_rejected(guarded: Guarded):
    status, text = await create(guarded, b" " * 3000)

    assert (status, code_of(text)) == (413, "body_too_large")


async def test_the_log_says_for_whom_and_never_has_the_token(guarded: Guarded):
    _, text = await create(guarded, {"subject": "the eastern hall\n2026 forged"})

    log = guarded.server.log.read_text()
    assert "an admin issued a token over HTTP for 'the eastern hall" in log
    assert "\n2026 forged" not in log
    assert json.loads(text)["token"] not in log
