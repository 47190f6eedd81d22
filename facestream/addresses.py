"""Show an address that a user has given, without what may be secret in it: every message about one uses this."""

import re

_LIKE_AN_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
"""Also of one that was written with one slash, or that `Path` has shortened to one."""


def without_secrets(address: str) -> str:
    """An address without user name, password and query, which often has a password or a key, too.

    Also if the password has a `/` or an `@` that should be encoded, and if the address lacks `http://`.
    """
    match = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/+", address)
    scheme = match[0] if match else ""
    rest = address[len(scheme) :]
    shown = re.split(r"[?#]", rest, maxsplit=1)[0]
    if "@" in rest and not {"@", "/"} & set(shown):
        return f"{scheme}..."  # of `anna:a?b@host`, nobody can say where the password ends
    return f"{scheme}{shown.rpartition('@')[2]}"


def shown_source(name: str) -> str:
    """What a user has given as a file or an address: the name of a file as it is, an address without its secrets."""
    return without_secrets(name) if _LIKE_AN_ADDRESS.match(name) else name
