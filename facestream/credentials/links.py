"""Links with an access token, and QR codes; starts no server and writes nothing."""

import io

import segno

QUIET_ZONE_MODULES = 4  # ISO/IEC 18004
FIXED_MASK = 0


def link_of(url: str, token: str) -> str:
    """A link that opens the page of the server at this address with a token."""
    address = url.partition("#")[0]
    has_path = any(char in "/?" for char in address.partition("://")[2])
    # In the fragment, which browsers do not send, so that no server logs it.
    return f"{address}{'' if has_path else '/'}#token={token}"


def qr_of(text: str) -> segno.QRCode:
    """A QR code; raises ValueError if the text is too long."""
    # Scoring all eight masks would take most of the time; a reader must know each of them.
    return segno.make(text, error="l", micro=False, mask=FIXED_MASK)


def qr_svg(text: str) -> str:
    """A QR code as an SVG image, black on white, so that cameras read it in a dark page too."""
    image = io.BytesIO()
    qr_of(text).save(
        image, kind="svg", border=QUIET_ZONE_MODULES, dark="#000", light="#fff", xmldecl=False, omitsize=True
    )
    return image.getvalue().decode().strip()
