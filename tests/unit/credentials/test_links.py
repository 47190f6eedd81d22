import pytest

from facestream.credentials.links import link_of


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://faces.example", "https://faces.example/#token=t"),
        ("https://faces.example/", "https://faces.example/#token=t"),
        ("https://faces.example/x/", "https://faces.example/x/#token=t"),
        ("https://faces.example/?view=compact", "https://faces.example/?view=compact#token=t"),
        ("https://faces.example/#old", "https://faces.example/#token=t"),
        ("http://[", "http://[/#token=t"),
    ],
)
def test_a_link_keeps_the_address_and_replaces_the_fragment(url: str, link: str):
    assert link_of(url, "t") == link
