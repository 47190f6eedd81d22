"""The parts of the report about the whole session: figures, data quality, events, extra values, definitions. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from facestream.results.report import charts
from facestream.results.report.charts import Drawing
from facestream.results.report.face_section import by_share, name_of
from facestream.results.report.markup import Markup, definitions, isolated, joined, text
from facestream.results.report.session import ReportEvent, ReportSession
from facestream.results.report.session_tally import SessionTally

GOOD = {"analysed": 0.95, "seen": 0.90, "unsure": 0.15}
POOR = {"analysed": 0.75, "seen": 0.50, "unsure": 0.40}
"""Limits of the data quality; the definitions of the report name them."""
MOST_LISTED = 500
"""Events."""


def grade_of(tally: SessionTally) -> str:
    """`good`, `fair` or `poor`."""
    seen_s = sum(face.seen_s for face in tally.faces.values())
    unsure_s = sum(sum(face.unsure_s.values()) for face in tally.faces.values())
    analysed = tally.analysed_s / tally.end_s if tally.end_s else 0.0
    seen = 1 - tally.empty_s / tally.analysed_s if tally.analysed_s else 0.0
    unsure = unsure_s / seen_s if seen_s else 0.0
    if analysed >= GOOD["analysed"] and seen >= GOOD["seen"] and unsure <= GOOD["unsure"]:
        return "good"
    is_poor = analysed < POOR["analysed"] or seen < POOR["seen"] or unsure > POOR["unsure"]
    return "poor" if is_poor else "fair"


def figures(drawing: Drawing, tally: SessionTally) -> Markup:
    """The numbers that a reader looks for first."""
    texts, numbers = drawing.texts, drawing.numbers
    count = len(tally.faces) + tally.dropped_faces
    faces = numbers.decimal(count)
    if count > tally.at_once:
        faces = texts.faces_at_once.format(faces=faces, most=numbers.decimal(tally.at_once))
    share = tally.analysed_s / tally.end_s if tally.end_s else 0.0
    grade = grade_of(tally)
    quality = Markup(
        f"<div><dt>{text(texts.quality)}</dt><dd>"
        f'<a href="#quality" class="grade {grade}">{text(texts.grades[grade])}</a></dd></div>'
    )
    pairs = [
        *([] if drawing.is_still else [(texts.length, numbers.seconds(tally.end_s))]),
        (texts.analysed, numbers.part(min(1.0, share))),
        (texts.faces, faces),
        (texts.frames, numbers.decimal(tally.frames)),
        *([] if drawing.is_still else [(texts.rate, rate(drawing, tally))]),
    ]
    return Markup(definitions(pairs).replace("</dl>", f"{quality}</dl>"))


def rate(drawing: Drawing, tally: SessionTally) -> str:
    """Frames per second of the time in which there were frames."""
    per_second = tally.frames / tally.measured_s if tally.measured_s else 0.0
    return drawing.texts.per_second.format(rate=drawing.numbers.decimal(per_second, 1))


def quality_section(drawing: Drawing, tally: SessionTally, without_time: int) -> Markup:
    """Why faces were unsure or hard to read, what was lost, and what was not analysed."""
    texts, numbers = drawing.texts, drawing.numbers
    seen_s = sum(face.seen_s for face in tally.faces.values())
    unsure_s = _sum(face.unsure_s for face in tally.faces.values())
    hints_s = _sum(face.hints_s for face in tally.faces.values())
    lost, lost_s = (sum(getattr(face, name) for face in tally.faces.values()) for name in ("lost", "lost_s"))
    pairs = [
        (texts.no_face_time, _part(drawing, tally.empty_s, tally.analysed_s)),
        (texts.several_time, _part(drawing, tally.several_s, tally.analysed_s)),
        (
            texts.lost,
            texts.lost_times.format(count=numbers.decimal(lost), total=numbers.seconds(lost_s))
            if lost
            else "0",
        ),
        (texts.unanalysed, _part(drawing, sum(tally.unanalysed_s.values()), tally.measured_s)),
    ]
    if tally.gaps:
        gaps = texts.gaps_times.format(count=numbers.decimal(tally.gaps), total=numbers.seconds(tally.gaps_s))
        pairs.append((texts.gaps, gaps))
    if without_time:
        pairs.append((texts.without_time, numbers.decimal(without_time)))
    if tally.sizes:
        pairs.append((texts.size, ", ".join(f"{width} x {height}" for width, height in tally.sizes)))
    unsure = (
        _reasons(drawing, texts.reason, texts.share_of_faces, texts.reasons, unsure_s, seen_s)
        if unsure_s
        else Markup(f"<p>{text(texts.unsure_none)}</p>")
    )
    cards = [Markup(f"<div><h3>{text(texts.unsure)}</h3>{unsure}</div>")]
    if hints_s:
        table = _reasons(drawing, texts.reason, texts.share_of_faces, texts.hint_names, hints_s, seen_s)
        cards.append(Markup(f"<div><h3>{text(texts.hints)}</h3>{table}</div>"))
    if tally.unanalysed_s:
        table = _reasons(
            drawing,
            texts.reason,
            texts.share_of_time,
            texts.unanalysed_reasons,
            tally.unanalysed_s,
            tally.measured_s,
        )
        cards.append(Markup(f"<div><h3>{text(texts.unanalysed)}</h3>{table}</div>"))
    return Markup(
        f'<section id="quality"><h2>{text(texts.quality)}</h2>{definitions(pairs)}'
        f'<div class="cards">{joined(cards)}</div></section>'
    )


def all_faces(drawing: Drawing, tally: SessionTally, names: Mapping[int, str]) -> Markup:
    """A table with a row for each face."""
    texts, numbers = drawing.texts, drawing.numbers
    rows = []
    for face in tally.faces_by_time:
        shares = numbers.parts([*face.labels_s.values()])
        shown = dict(zip(face.labels_s, shares, strict=True))
        leading = ", ".join(f"{drawing.word(label)} {shown[label]}" for label in by_share(face)[:2])
        cells = (
            numbers.seconds(face.seen_s),
            drawing.clock(face.first_s),
            drawing.clock(face.last_s),
            leading,
        )
        rows.append(
            Markup(
                f'<tr><th scope="row">{charts.badge(face.id)} {name_of(drawing, face.id, names)}</th>'
                f"{joined(Markup(f'<td>{text(cell)}</td>') for cell in cells)}</tr>"
            )
        )
    heads = (texts.faces, texts.seen, texts.first, texts.last, texts.leading)
    return Markup(
        f'<section><h2>{text(texts.all_faces)}</h2><div class="wide"><table><thead><tr>{_heads(heads)}</tr></thead>'
        f"<tbody>{joined(rows)}</tbody></table></div></section>"
    )


def events_section(drawing: Drawing, events: Sequence[ReportEvent], left_out: int) -> Markup:
    """The events, numbered as in the timelines."""
    texts = drawing.texts
    items = joined(
        Markup(
            f'<li><b class="number">{number}</b><time>{text(drawing.clock(event.time_s - drawing.start_s))}</time>'
            f"<span>{isolated(event.text)}{_note(event)}</span></li>"
        )
        for number, event in enumerate(events[:MOST_LISTED], 1)
    )
    left_out += max(0, len(events) - MOST_LISTED)
    more = (
        f'<p class="quiet">{text(texts.events_left_out.format(count=drawing.numbers.decimal(left_out)))}</p>'
        if left_out
        else ""
    )
    content = f"<ol>{items}</ol>{more}" if events else f"<p>{text(texts.events_none)}</p>"
    return Markup(f"<section><h2>{text(texts.events)}</h2>{content}</section>")


def _note(event: ReportEvent) -> Markup:
    return Markup(f" ({isolated(event.note, 500)})") if event.note else Markup("")


def extra_section(drawing: Drawing, tally: SessionTally) -> Markup:
    """The numbers of the operator's own analysis; empty if there are none."""
    texts, numbers = drawing.texts, drawing.numbers
    rows = []
    for name, extra in tally.extra.items():
        extra.slices.extend(drawing.end_s)
        sums, known = (extra.slices.column(column, drawing.count) for column in (0, 1))
        means = [total / length_s if length_s else None for total, length_s in zip(sums, known, strict=True)]
        mean = extra.total / extra.known_s if extra.known_s else extra.most
        values = (numbers.significant(value) for value in (mean, extra.least, extra.most))
        cells = joined(Markup(f"<td>{text(value)}</td>") for value in values)
        rows.append(
            Markup(
                f'<tr><th scope="row">{isolated(name)}</th>{cells}'
                f"<td>{charts.spark(means, drawing.end_s / drawing.slice_s)}</td></tr>"
            )
        )
    if not rows:
        return Markup("")
    heads = _heads((texts.extra_name, texts.mean_value, texts.least, texts.most, texts.timeline))
    left_out = len(tally.extra_left_out)
    more = f"<p>{text(texts.extra_left_out.format(count=numbers.decimal(left_out)))}</p>" if left_out else ""
    return Markup(
        f'<section><h2>{text(texts.extra)}</h2><div class="wide"><table><caption>{text(texts.extra_caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{joined(rows)}</tbody></table></div>{more}</section>"
    )


def definitions_section(drawing: Drawing) -> Markup:
    """What the words of the report mean."""
    texts = drawing.texts
    terms = joined(
        Markup(f"<dt>{text(name)}</dt><dd>{text(meaning, 1000)}</dd>")
        for name, meaning in texts.definition_texts
    )
    return Markup(
        f'<section class="quiet"><h2>{text(texts.definitions)}</h2><dl class="terms">{terms}</dl></section>'
    )


def about_section(drawing: Drawing, session: ReportSession) -> Markup:
    """Where the numbers come from."""
    texts = drawing.texts
    parts = []
    for heading, pairs in (
        (texts.versions, session.versions),
        (texts.models, session.models),
        (texts.settings, session.settings),
    ):
        if pairs:
            parts.append(Markup(f"<div><h3>{text(heading)}</h3>{definitions(pairs.items())}</div>"))
    notes = joined(Markup(f"<p>{isolated(note, 1000)}</p>") for note in session.notes[:MOST_LISTED])
    if not parts and not notes:
        return Markup("")
    return Markup(
        f'<section class="quiet"><h2>{text(texts.about)}</h2>{notes}<div class="cards">{joined(parts)}</div></section>'
    )


def _reasons(
    drawing: Drawing,
    head: str,
    share: str,
    names: Mapping[str, str],
    spent_s: Mapping[str, float],
    of_s: float,
) -> Markup:
    """A table of reasons with their shares of a time."""
    rows = joined(
        Markup(
            f'<tr><th scope="row">{isolated(names.get(reason, reason), 60)}</th>'
            f'<td class="number">{text(_part(drawing, length_s, of_s))}</td></tr>'
        )
        for reason, length_s in sorted(spent_s.items(), key=lambda item: -item[1])
    )
    return Markup(
        f'<table><thead><tr><th scope="col">{text(head)}</th>'
        f'<th scope="col" class="number">{text(share)}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _heads(names: Iterable[str]) -> Markup:
    return joined(Markup(f'<th scope="col">{text(name)}</th>') for name in names)


def _part(drawing: Drawing, part_s: float, of_s: float) -> str:
    return drawing.numbers.part(min(1.0, part_s / of_s) if of_s else 0.0)


def _sum(times_s: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: defaultdict[str, float] = defaultdict(float)
    for spent_s in times_s:
        for reason, length_s in spent_s.items():
            total[reason] += length_s
    return total
