"""Which origins `allowed_origins` takes; they become part of a response header."""

import pytest
from pydantic import ValidationError

from facestream.config import Config


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://WWW.example.org/", "https://www.example.org"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(given: str, kept: str):
    assert Config(allowed_origins=given).allowed_origins == (kept,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        "*", "www.example.org", "https://", "https://example.org/page", "https://example.org; script-src *",
        "https://*.example.org", "https://example.org 'unsafe-inline'", "https://bücher.example", "ftp://example.org",
        "https://a.example:99999", "https://a.example:x", "https://a.example:0", "https://a.example:", "https://user@a.example",
    ],
)  # fmt: skip
def test_what_is_no_origin_is_rejected(given: str):
    with pytest.raises(ValidationError, match="expected an origin like https"):
        Config(allowed_origins=given)  # type: ignore[arg-type]


def test_a_comma_in_a_list_is_rejected():
    # In a header, it would begin a second policy.
    with pytest.raises(ValidationError, match="expected an origin like https"):
        Config(allowed_origins=["https://example.org,script-src"])  # type: ignore[arg-type]
