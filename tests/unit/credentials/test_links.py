import cv2
import numpy as np
import pytest

from facestream.credentials.links import FIXED_MASK, link_of, qr_of


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


@pytest.mark.parametrize(
    "text",
    [
        "http://192.0.2.7:8080/",
        "https://faces.example.org/#token="
        + ".".join(("eyJhbGciOiJIUzI1NiJ9" * 2, "aB3_-x7Q" * 20, "k9-_Zp4W" * 5)),
    ],
)
def test_a_camera_reads_a_code_whose_mask_was_not_chosen_by_score(text: str):
    code = qr_of(text)

    modules = np.array([[0 if dark else 255 for dark in row] for row in code.matrix_iter(scale=6, border=4)])
    read, _corners, _code = cv2.QRCodeDetector().detectAndDecode(modules.astype(np.uint8))
    assert read == text
    assert code.mask == FIXED_MASK
