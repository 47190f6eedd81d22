"""Draw the timeline of one face: the ribbon of its labels, its leading probabilities, the events. Runs no script."""

from collections.abc import Mapping, Sequence

from facestream.results.report.charts import DASHES, Drawing, path
from facestream.results.report.markup import Markup, joined, text
from facestream.results.report.slices import runs

MOST_NUMBERS = 24
"""More numbers of events than this would cover each other."""
_WORD_SHARE, _LETTER_SHARE = 0.2, 0.045
"""Where a word, or a letter, has room in the ribbon even on a phone."""
_MOST_TICKS = 5
_TICKS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
_NAME_HEIGHT = 12.0
"""Names beside the ends of lines keep this distance, in percent of the height."""


def timeline(
    drawing: Drawing, labels: Sequence[str | None], lines: Mapping[str, Sequence[float | None]]
) -> Markup:
    """The ribbon of labels and the lines of some emotions, by slice; None is a gap."""
    texts, numbers = drawing.texts, drawing.numbers
    width = drawing.end_s / drawing.slice_s
    grid = joined(Markup(f'<path class="grid" d="M0 {y}H{width:.1f}"/>') for y in (0, 25, 50, 75, 100))
    paths = joined(
        Markup(
            f'<path class="line" stroke="var(--{emotion})" stroke-dasharray="{DASHES.get(emotion, "")}" '
            f'd="{path(line, lambda value: 100 - 100 * value)}"/>'
        )
        for emotion, line in lines.items()
    )
    levels = joined(
        Markup(f'<span style="top:{100 - level}%">{text(numbers.percent(level))}</span>')
        for level in (100, 50, 0)
    )
    names = text(texts.lines.format(names=", ".join(map(drawing.word, lines))))
    stripes = _stripes(drawing)
    caption = text(texts.timeline_caption.format(slice=numbers.slice(drawing.slice_s)), 1000)
    return Markup(
        f'<figure><div class="over{" marked" if drawing.marks_s else ""}">'
        f'<div class="ribbon" role="img" aria-label="{text(texts.ribbon)}">{_ribbon(drawing, labels)}{stripes}</div>'
        f'<div class="plot">{stripes}<svg viewBox="0 0 {width:.2f} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{names}">{grid}{paths}</svg><div class="levels" aria-hidden="true">{levels}</div>'
        f'<div class="ends" aria-hidden="true">{_ends(drawing, lines)}</div></div>'
        f'<div class="axis" aria-hidden="true">{_axis(drawing)}</div>{_marks(drawing)}</div>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _ribbon(drawing: Drawing, labels: Sequence[str | None]) -> Markup:
    return joined(
        _piece(drawing, str(label), first, end, _word_for(drawing, str(label), first, end))
        for label, first, end in runs(labels)
        if label is not None
    )


def _word_for(drawing: Drawing, label: str, first: int, end: int) -> str:
    share = drawing.place(end) - drawing.place(first)
    if share >= _WORD_SHARE:
        return drawing.word(label)
    return drawing.texts.letters[label] if share >= _LETTER_SHARE else ""


def _stripes(drawing: Drawing) -> Markup:
    return joined(
        _piece(drawing, "unmeasured", first, end, "")
        for is_gap, first, end in runs(drawing.unmeasured)
        if is_gap
    )


def _piece(drawing: Drawing, kind: str, first: int, end: int, word: str) -> Markup:
    left, right = drawing.place(first), drawing.place(end)
    return Markup(
        f'<i class="{kind}" style="left:{100 * left:.2f}%;width:{100 * (right - left):.2f}%">{text(word)}</i>'
    )


def _ends(drawing: Drawing, lines: Mapping[str, Sequence[float | None]]) -> Markup:
    """The names of the lines where they end."""
    last = {
        emotion: next((value for value in reversed(line) if value is not None), None)
        for emotion, line in lines.items()
    }
    heights = sorted((100 - 100 * value, emotion) for emotion, value in last.items() if value is not None)
    places, least = [], 0.0
    for height, emotion in heights:
        place = max(height, least)
        least = place + _NAME_HEIGHT
        places.append((place, emotion))
    beyond = max(0.0, least - _NAME_HEIGHT - 100)
    return joined(
        Markup(
            f'<span style="top:{place - beyond:.1f}%;border-color:var(--{emotion})">'
            f"<b>{text(drawing.word(emotion))}</b></span>"
        )
        for place, emotion in places
    )


def _axis(drawing: Drawing) -> Markup:
    step_s = next((step for step in _TICKS_S if drawing.end_s / step <= _MOST_TICKS), _TICKS_S[-1])
    first = -(-drawing.start_s // step_s)
    times_s = [
        (first + at) * step_s - drawing.start_s for at in range(min(100, int(drawing.end_s // step_s) + 1))
    ]
    return joined(
        Markup(
            f'<span{" class=first" if time_s == 0 else ""} style="left:{100 * time_s / drawing.end_s:.2f}%">'
            f"{text(drawing.clock(time_s))}</span>"
        )
        for time_s in times_s
        if time_s <= drawing.end_s
    )


def _marks(drawing: Drawing) -> Markup:
    if not drawing.marks_s:
        return Markup("")
    numbered = len(drawing.marks_s) <= MOST_NUMBERS
    marks = joined(
        Markup(
            f'<i style="left:{100 * time_s / drawing.end_s:.2f}%">{f"<b>{number}</b>" if numbered else ""}</i>'
        )
        for number, time_s in enumerate(drawing.marks_s, 1)
        if 0 <= time_s <= drawing.end_s
    )
    return Markup(f'<div class="marks{"" if numbered else " many"}" aria-hidden="true">{marks}</div>')
