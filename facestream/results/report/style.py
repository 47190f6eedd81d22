"""The style sheet of the report: light, dark, on a phone and on paper. Loads nothing.

The colours are those of the page, read from its style sheets, so that there is one place for them.
"""

import re
from functools import cache
from importlib.resources import files

from facestream.messages.telemetry import LABELS
from facestream.resources import CLIENT_DIR
from facestream.results.report.markup import Markup

FACE_COLOURS = 8
"""As many as the page and the video have; then they repeat."""
_GROUNDS = ("ground", "panel", "ink", "quiet", "hair", "well", "accent")
_SHEETS = ("base.css", "colours.css")
_DARK = "@media (prefers-color-scheme: dark)"
_COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{3,8});")
_COLOURS_OF_REPORT = {"hatch": ("#b4c2bc", "#46574f")}
"""Light and dark: the lines of the pattern for `unsure`, as in the report of the page (report-style.js)."""


@cache
def style() -> Markup:
    """The content of the style element."""
    light, dark = (
        ";".join(f"--{name}:{colour}" for name, colour in theme.items()) for theme in page_colours()
    )
    return Markup(
        f":root{{color-scheme:light;{light};{_PATTERNS}}}\n{_rules()}{_CLASSES}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{color-scheme:dark;{dark}}}}}"
    )


def page_colours() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of the page by name, light and dark. The dark ones are only those that differ."""
    light = {name: pair[0] for name, pair in _COLOURS_OF_REPORT.items()}
    dark = {name: pair[1] for name, pair in _COLOURS_OF_REPORT.items()}
    for sheet in _SHEETS:
        rules = (CLIENT_DIR / "css" / sheet).read_text(encoding="utf-8")
        before, _, after = rules.partition(_DARK)
        light |= _colours(before.partition("}")[0], sheet)
        dark |= _colours(after.partition("}")[0], sheet)
    return light, dark


def _rules() -> str:
    return files(__package__).joinpath("report.css").read_text(encoding="utf-8")


def _colours(rule: str, sheet: str) -> dict[str, str]:
    found = _COLOUR.findall(rule)
    return {name: colour for name, colour in found if sheet != "base.css" or name in _GROUNDS}


# Patterns, because a plain surface is a label or where the face was not found.
_PATTERNS = (
    "--unsure:repeating-linear-gradient(135deg,var(--panel) 0 3px,var(--hatch) 3px 4.5px);--on-unsure:var(--ink);"
    "--unmeasured:repeating-linear-gradient(90deg,var(--panel) 0 2px,var(--hair) 2px 4px)"
)
_CLASSES = "".join(
    [
        *(f".{label}{{background:var(--{label});color:var(--on-{label})}}" for label in LABELS),
        *(f".face-{number}{{background:var(--face-{number})}}" for number in range(1, FACE_COLOURS + 1)),
    ]
)
