"""Put the parts of the report together as one HTML document that forbids every request and every script. Pure."""

from collections.abc import Mapping, Sequence

from facestream.results.report import charts, session_sections
from facestream.results.report.charts import Drawing
from facestream.results.report.face_section import face_section, summary_of_face
from facestream.results.report.markup import Markup, isolated, joined, text
from facestream.results.report.numbers import Numbers
from facestream.results.report.session import ReportEvent, ReportOptions, ReportSession
from facestream.results.report.session_tally import ANALYSED, SessionTally
from facestream.results.report.style import style
from facestream.results.report.texts import texts_of
from facestream.results.report.thumbnails import Thumbnail

MOST_SUMMED_UP = 6
"""Faces in the summary."""
MOST_DRAWN = 12
"""Faces with a section of their own; the table of all faces has the others. Bounds the size of the report."""


def document(
    tally: SessionTally,
    session: ReportSession,
    options: ReportOptions,
    *,
    start_s: float,
    events: Sequence[ReportEvent],
    left_out_events: int,
    without_time: int,
    thumbnails: Mapping[int, Sequence[Thumbnail]],
) -> Markup:
    """The document. `start_s`: when the first frame was; `events` in order of time; `thumbnails` by face id."""
    drawing = _drawing(tally, options, start_s, events)
    texts = drawing.texts
    title = f"{session.title}, {texts.title}" if session.title else texts.title
    images = " img-src data:;" if thumbnails else ""
    drawn = tally.faces_by_time[:MOST_DRAWN]
    sections = [
        _summary(drawing, tally, session),
        Markup(f"<section><h2>{text(texts.legend)}</h2>{charts.legend(drawing)}</section>")
        if drawn
        else Markup(""),
        *(face_section(drawing, face, session, thumbnails.get(face.id, ())) for face in drawn),
        session_sections.all_faces(drawing, tally, session.names) if len(tally.faces) > 1 else Markup(""),
        session_sections.events_section(drawing, events, left_out_events),
        session_sections.extra_section(drawing, tally),
        session_sections.quality_section(drawing, tally, without_time),
        session_sections.definitions_section(drawing),
        Markup(
            f'<section class="quiet" id="limits"><h2>{text(texts.limits)}</h2>'
            f"<p>{text(texts.limits_text, 1000)}</p></section>"
        ),
        session_sections.about_section(drawing, session),
    ]
    return Markup(
        f'<!doctype html>\n<html lang="{options.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline';"
        f"{images} base-uri 'none'; form-action 'none'\">"
        f'<meta name="referrer" content="no-referrer"><title>{text(title)}</title>'
        f"<style>{style()}</style></head><body>\n"
        f"{_header(drawing, session)}<main>\n{joined(sections, chr(10))}\n</main></body></html>\n"
    )


def _drawing(
    tally: SessionTally, options: ReportOptions, start_s: float, events: Sequence[ReportEvent]
) -> Drawing:
    end_s = max(tally.end_s, 1e-3)
    count = tally.slices.used(end_s)
    slice_s = tally.slices.slice_s
    analysed = tally.slices.column(ANALYSED, count)
    return Drawing(
        texts=texts_of(options.language),
        numbers=Numbers(options.language),
        start_s=start_s,
        end_s=end_s,
        slice_s=slice_s,
        count=count,
        unmeasured=[
            length_s < 0.5 * min(slice_s, end_s - at * slice_s) for at, length_s in enumerate(analysed)
        ],
        is_still=tally.frames == 1,
        marks_s=[event.time_s - start_s for event in events],
    )


def _header(drawing: Drawing, session: ReportSession) -> Markup:
    texts = drawing.texts
    name = f'<p class="name">{isolated(session.title)}</p>' if session.title.strip() else ""
    facts = [
        Markup(f"{text(label)}: {isolated(value)}")
        for label, value in ((texts.source, session.source), (texts.made_at, session.made_at))
        if value
    ]
    return Markup(
        f"<header><h1>{text(texts.title)}</h1>{name}<p>{joined(facts, '. ')}</p>"
        f'<p class="quiet">{text(texts.estimates)} <a href="#limits">{text(texts.meaning_link)}</a></p></header>'
    )


def _summary(drawing: Drawing, tally: SessionTally, session: ReportSession) -> Markup:
    texts, numbers = drawing.texts, drawing.numbers
    faces = tally.faces_by_time
    parts = [summary_of_face(drawing, face, session.names, tally.end_s) for face in faces[:MOST_SUMMED_UP]]
    if not faces:
        parts.append(Markup(f"<p>{text(texts.no_faces if tally.analysed else texts.no_frames)}</p>"))
    if others := faces[MOST_SUMMED_UP:]:
        more = texts.more_faces.format(
            count=numbers.decimal(len(others)), longest=numbers.seconds(others[0].seen_s)
        )
        parts.append(Markup(f'<p class="quiet">{text(more)}</p>'))
    if tally.dropped_faces:
        dropped = texts.dropped_faces.format(
            count=numbers.decimal(tally.dropped_faces), longest=numbers.seconds(tally.dropped_longest_s)
        )
        parts.append(Markup(f'<p class="quiet">{text(dropped)}</p>'))
    return Markup(
        f'<section aria-labelledby="summary"><h2 id="summary">{text(texts.summary)}</h2>'
        f"{session_sections.figures(drawing, tally)}{joined(parts)}</section>"
    )
