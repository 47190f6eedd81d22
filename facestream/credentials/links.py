"""Links with an access token and their QR codes; starts no server and writes nothing."""

import segno


def link_of(url: str, token: str) -> str:
    """A link that opens the page of the server at this address with a token."""
    address = url.partition("#")[0]
    has_path = any(char in "/?" for char in address.partition("://")[2])
    # In the fragment, which browsers do not send, so that no server logs it.
    return f"{address}{'' if has_path else '/'}#token={token}"


def qr_of(text: str) -> segno.QRCode:
    """A QR code; raises ValueError if the text is too long."""
    return segno.make(text, error="l", micro=False)
