"""Draw the charts of the report as HTML and SVG with the colours of the page. Runs no script, loads no file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from facestream.analysis.drawing.words import WORDS
from facestream.analysis.faces import UNSURE
from facestream.messages.telemetry import LABELS
from facestream.results.report.markup import Markup, joined, text
from facestream.results.report.numbers import Numbers, clock_time
from facestream.results.report.pose_map import AHEAD_DEG, BIN_DEG, PITCH_BINS, YAW_BINS
from facestream.results.report.style import FACE_COLOURS
from facestream.results.report.texts import Texts

DASHES = {"disgust": "7 3", "fear": "2.5 2.5", "sad": "9 3 2 3", "surprise": "5 2"}
"""As on the page, for people who cannot tell the colours apart."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What all charts of a report share."""

    texts: Texts
    numbers: Numbers
    start_s: float
    """When the first frame was, on the clock of the results."""
    end_s: float
    """Seconds from the first frame to the end, above 0."""
    slice_s: float
    count: int
    """Slices of the timeline."""
    unmeasured: Sequence[bool]
    """By slice: nothing was measured."""
    is_still: bool
    """There is one frame only: nothing has a share of time."""
    marks_s: Sequence[float]
    """When the events were, from the first frame, in order."""

    def clock(self, time_s: float) -> str:
        """A time from the first frame on, on the clock of the results."""
        return clock_time(self.start_s + time_s)

    def word(self, label: str) -> str:
        """The word of a label."""
        return WORDS[self.numbers.language].labels[label]

    def place(self, at: int) -> float:
        """Where a slice begins, as a share of the whole time."""
        return min(1.0, at * self.slice_s / self.end_s)


def swatch(drawing: Drawing, label: str) -> Markup:
    """The colour and the letter of a label."""
    return Markup(f'<i class="swatch {label}" aria-hidden="true">{text(drawing.texts.letters[label])}</i>')


def badge(face_id: int) -> Markup:
    """The number of a face on its colour."""
    return Markup(
        f'<b class="badge face-{(face_id - 1) % FACE_COLOURS + 1}" aria-hidden="true">{text(face_id)}</b>'
    )


def share_bar(drawing: Drawing, amounts: Mapping[str, float]) -> Markup:
    """One bar with the share of each label, the largest first."""
    total = sum(amounts.values())
    parts = sorted(((amount, label) for label, amount in amounts.items() if amount > 0), reverse=True)
    shown = dict(zip(amounts, drawing.numbers.parts([*amounts.values()]), strict=True))
    words = ", ".join(f"{drawing.word(label)} {shown[label]}" for _, label in parts)
    bars = joined(
        Markup(f'<i class="{label}" style="width:{100 * amount / total:.2f}%"></i>')
        for amount, label in parts
    )
    return Markup(f'<div class="share" role="img" aria-label="{text(words, 400)}">{bars}</div>')


def legend(drawing: Drawing) -> Markup:
    """The colour, letter and line of each label."""
    items = [
        Markup(
            f"<li>{swatch(drawing, label)}{'' if label == UNSURE else _sample(label)} {text(drawing.word(label))}</li>"
        )
        for label in LABELS
    ]
    items.append(Markup(f'<li><i class="swatch">&nbsp;</i> {text(drawing.texts.absent)}</li>'))
    if any(drawing.unmeasured):
        items.append(
            Markup(f'<li><i class="swatch unmeasured">&nbsp;</i> {text(drawing.texts.unmeasured)}</li>')
        )
    return Markup(f'<ul class="legend">{joined(items)}</ul>')


def spark(values: Sequence[float | None], width: float) -> Markup:
    """A small line from its least to its most value."""
    known = [value for value in values if value is not None]
    least, most = min(known, default=0.0), max(known, default=0.0)
    height = (most - least) or 1.0
    line = path(values, lambda value: 95 - 90 * (value - least) / height)
    return Markup(
        f'<svg class="spark" viewBox="0 0 {width:.2f} 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="line" stroke="var(--accent)" d="{line}"/></svg>'
    )


def path(values: Sequence[float | None], height_of: Callable[[float], float]) -> str:
    """The line through the middle of each slice; a None interrupts it."""
    pen, drawn = "M", []
    for at, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        drawn.append(f"{pen}{at + 0.5:g} {height_of(value):.1f}".removesuffix(".0"))
        if pen == "M":
            # A single point between two gaps would not be drawn.
            drawn.append("h.4")
        pen = "L"
    return "".join(drawn)


def matrix(drawing: Drawing, changes: Mapping[tuple[str, str], int]) -> Markup:
    """A table of how often each label was followed by another one."""
    labels = [label for label in LABELS if any(label in pair for pair in changes)]
    most = max(changes.values(), default=1)
    head = joined(
        Markup(f'<th scope="col">{swatch(drawing, label)}{_unseen(drawing.word(label))}</th>')
        for label in labels
    )

    def cell(before: str, label: str) -> Markup:
        count = changes.get((before, label), 0)
        if not count:
            return Markup("<td></td>")
        return Markup(f'<td style="--share:{count / most:.2f}">{text(drawing.numbers.decimal(count))}</td>')

    rows = joined(
        Markup(
            f'<tr><th scope="row">{swatch(drawing, before)}{text(drawing.word(before))}</th>'
            f"{joined(cell(before, label) for label in labels)}</tr>"
        )
        for before in labels
        if any(before == pair[0] for pair in changes)
    )
    return Markup(
        f'<div class="wide"><table class="matrix"><caption>{text(drawing.texts.changes_caption)}</caption><thead><tr>'
        f'<th scope="col">{text(drawing.texts.before)}</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def pose_map(drawing: Drawing, bins: Sequence[tuple[int, int, float]], words: str) -> Markup:
    """The map of a head's directions: squares by column and row from below, with a share of the fullest one."""
    side = 10
    squares = joined(
        Markup(
            f'<rect x="{column * side}" y="{(PITCH_BINS - 1 - row) * side}" width="{side}" height="{side}" '
            # The root, so that a direction that was taken shortly is visible.
            f'opacity="{0.12 + 0.88 * share**0.5:.2f}"/>'
        )
        for column, row, share in bins
    )
    width, height = YAW_BINS * side, PITCH_BINS * side
    ahead = AHEAD_DEG / BIN_DEG * side
    cross = f"M{width / 2:g} 0V{height}M0 {height / 2:g}H{width}"
    square = f"M{width / 2 - ahead:g} {height / 2 - ahead:g}h{2 * ahead:g}v{2 * ahead:g}h{-2 * ahead:g}z"
    directions = drawing.texts.directions
    sides = joined(
        Markup(f'<span style="grid-area:{side_name}" aria-hidden="true">{text(directions[side_name])}</span>')
        for side_name in ("up", "left", "right", "down")
    )
    return Markup(
        f'<figure><div class="pose">{sides}'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{text(words, 400)}">'
        f'{squares}<path d="{cross}" opacity=".4"/><path d="{square}" stroke-dasharray="4 3"/></svg></div>'
        f"<figcaption>{text(drawing.texts.pose_caption, 1000)}</figcaption></figure>"
    )


def _sample(emotion: str) -> Markup:
    return Markup(
        f'<svg viewBox="0 0 36 8" aria-hidden="true"><path d="M0 4H36" stroke="var(--{emotion})" stroke-width="2.5" '
        f'stroke-dasharray="{DASHES.get(emotion, "")}"/></svg>'
    )


def _unseen(word: str) -> Markup:
    """A word for screen readers."""
    return Markup(f'<span class="unseen">{text(word)}</span>')
