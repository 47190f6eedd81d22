"""The parts of the report about one face: a few lines in the summary, and a section with its charts. Pure."""

import base64
from collections.abc import Mapping, Sequence

from facestream.analysis.faces import EMOTIONS, UNSURE
from facestream.messages.telemetry import LABELS
from facestream.results.report import charts
from facestream.results.report.charts import Drawing
from facestream.results.report.distribution import distribution, neutral_line
from facestream.results.report.face_tally import FaceTally
from facestream.results.report.markup import Markup, definitions, isolated, joined, text
from facestream.results.report.pose_map import DIRECTIONS
from facestream.results.report.session import ReportSession
from facestream.results.report.thumbnails import Thumbnail
from facestream.results.report.timeline import timeline

MOST_LABELS = 4
"""In the summary."""
MOST_LISTED = 30
"""Times at which the eyes were closed."""
LEAST_MEAN = 0.005
"""An emotion with a lower mean does not lead."""
RATE_FROM_S = 10.0
"""A rate of blinks needs eyes that were seen for so long."""


def name_of(drawing: Drawing, face_id: int, names: Mapping[int, str]) -> Markup:
    """The heading of a face, with the name that a person gave it."""
    name = names.get(face_id, "").strip()
    if not name:
        return Markup(f"<span>{text(drawing.texts.face.format(id=face_id))}</span>")
    before, _, after = drawing.texts.named_face.format(id=face_id, name="\0").partition("\0")
    return Markup(f"<span>{text(before)}{isolated(name)}{text(after)}</span>")


def summary_of_face(drawing: Drawing, face: FaceTally, names: Mapping[int, str], length_s: float) -> Markup:
    """Which face, how long it was seen, its leading labels, and why it was unsure; of a still, its probabilities."""
    texts, numbers = drawing.texts, drawing.numbers
    if drawing.is_still:
        means = face.means or [0.0] * len(EMOTIONS)
        amounts = dict(zip(map(str, EMOTIONS), means, strict=True))
        facts = drawing.word(by_share(face)[0])
    else:
        amounts = face.labels_s
        facts = texts.seen_for.format(seen=numbers.seconds(face.seen_s), length=numbers.seconds(length_s))
    shown = dict(zip(amounts, numbers.parts([*amounts.values()]), strict=True))
    had = [label for label in amounts if amounts[label] > 0 and label != UNSURE]
    items = [
        Markup(
            f"<li>{charts.swatch(drawing, label)} "
            f"<span>{text(drawing.word(label))} <b>{text(shown[label])}</b></span></li>"
        )
        for label in sorted(had, key=lambda label: -amounts[label])[:MOST_LABELS]
    ]
    if face.unsure_s:
        reason = texts.reasons.get(most := max(face.unsure_s, key=face.unsure_s.__getitem__), most)
        mostly = (
            f"{drawing.word(UNSURE)}: {reason}"
            if drawing.is_still
            else texts.unsure_mostly.format(share=shown[UNSURE], reason=reason)
        )
        items.append(Markup(f"<li>{charts.swatch(drawing, UNSURE)} <span>{text(mostly)}</span></li>"))
    return Markup(
        f'<div class="who"><header><h3>{charts.badge(face.id)}{name_of(drawing, face.id, names)}</h3>'
        f'<span class="quiet">{text(facts)}</span></header>{charts.share_bar(drawing, amounts)}'
        f'<ul class="shares">{joined(items)}</ul></div>'
    )


def face_section(
    drawing: Drawing, face: FaceTally, session: ReportSession, thumbnails: Sequence[Thumbnail]
) -> Markup:
    """Timeline, distribution, changes, eyes, head pose and images of one face."""
    baseline = session.baselines.get(face.id)
    texts = drawing.texts
    seen = texts.seen_between.format(
        first=drawing.clock(face.first_s),
        last=drawing.clock(face.last_s),
        frames=drawing.numbers.decimal(face.frames),
    )
    over_time = (
        Markup("")
        if drawing.is_still
        else Markup(
            f'<p class="quiet">{text(seen)}</p><h3>{text(texts.timeline)}</h3>{_timeline(drawing, face)}'
            f"{_images(drawing, thumbnails)}"
        )
    )
    changes = (
        charts.matrix(drawing, face.spells.changes)
        if face.spells.changes
        else Markup(f"<p>{text(texts.changes_none)}</p>")
    )
    cards = [
        _card(texts.distribution, distribution(drawing, face, baseline)),
        *(
            []
            if drawing.is_still
            else [_card(texts.changes, changes), _card(texts.eyes, _eyes(drawing, face))]
        ),
        _card(texts.pose, _pose(drawing, face)),
    ]
    return Markup(
        f'<section id="face-{face.id}"><h2>{charts.badge(face.id)}{name_of(drawing, face.id, session.names)}</h2>'
        f'{neutral_line(drawing, baseline)}{over_time}<div class="cards">{joined(cards)}</div></section>'
    )


def _timeline(drawing: Drawing, face: FaceTally) -> Markup:
    face.slices.extend(drawing.end_s)
    lines = {
        str(EMOTIONS[emotion]): face.means_over_time(emotion, drawing.count) for emotion in leading_two(face)
    }
    return timeline(drawing, face.labels_over_time(drawing.count), lines)


def by_share(face: FaceTally) -> list[str]:
    """The labels that the face had, the one that it had longest first."""
    had = [label for label in LABELS if face.labels_s[label] > 0]
    return sorted(had, key=lambda label: -face.labels_s[label])


def leading_two(face: FaceTally) -> list[int]:
    """The emotions with the highest means, by their place in EMOTIONS; fewer if the others are next to nothing."""
    means = face.means
    if means is None:
        return []
    order = sorted(range(len(means)), key=lambda emotion: -means[emotion])
    return [emotion for at, emotion in enumerate(order[:2]) if at == 0 or means[emotion] >= LEAST_MEAN]


def _eyes(drawing: Drawing, face: FaceTally) -> Markup:
    texts, numbers, eyes = drawing.texts, drawing.numbers, face.eyes
    if not eyes.known_s:
        return Markup(f"<p>{text(texts.eyes_unknown)}</p>")
    count, total_s, spells = eyes.closed()
    if eyes.limit is None:
        closed = texts.closed_unknown
    elif not count:
        closed = texts.closed_none
    else:
        closed = texts.closed_times.format(count=numbers.decimal(count), total=numbers.seconds(total_s))
    is_long = eyes.known_s >= RATE_FROM_S
    pairs = [
        (
            texts.blink_rate,
            numbers.decimal(60 * face.blinks / eyes.known_s, 1) if is_long else texts.too_short,
        ),
        (texts.blinks, numbers.decimal(face.blinks)),
        (texts.closed, closed),
        (texts.usual_opening, numbers.decimal(eyes.usual, 2)),
    ]
    limit = (
        Markup(
            f'<p class="quiet">{text(texts.closed_below.format(limit=numbers.decimal(eyes.limit, 2)))}</p>'
        )
        if eyes.limit is not None
        else Markup("")
    )
    return Markup(f"{definitions(pairs)}{limit}{_closed_list(drawing, spells, count)}")


def _closed_list(drawing: Drawing, spells: Sequence[tuple[float, float]], count: int) -> Markup:
    if not spells:
        return Markup("")
    texts = drawing.texts
    items = joined(
        Markup(
            f"<li><time>{text(drawing.clock(from_s))}</time>"
            f"<span>{text(drawing.numbers.seconds(to_s - from_s))}</span></li>"
        )
        for from_s, to_s in spells[:MOST_LISTED]
    )
    left_out = count - min(len(spells), MOST_LISTED)
    more = text(texts.closed_more.format(count=drawing.numbers.decimal(left_out))) if left_out else ""
    return Markup(
        f"<details><summary>{text(texts.closed_list)}</summary><ol>{items}</ol><p>{more}</p></details>"
    )


def _pose(drawing: Drawing, face: FaceTally) -> Markup:
    texts, poses = drawing.texts, face.poses
    if not poses.known_s:
        return Markup(f"<p>{text(texts.pose_unknown)}</p>")
    shown = drawing.numbers.parts([poses.directions_s[direction] for direction in DIRECTIONS])
    pairs = [(texts.directions[direction], share) for direction, share in zip(DIRECTIONS, shown, strict=True)]
    words = ", ".join(f"{direction} {share}" for direction, share in pairs)
    return Markup(f"{definitions(pairs)}{charts.pose_map(drawing, [*poses.bins()], words)}")


def _images(drawing: Drawing, thumbnails: Sequence[Thumbnail]) -> Markup:
    if not thumbnails:
        return Markup("")
    texts = drawing.texts

    def item(thumbnail: Thumbnail) -> Markup:
        time = drawing.clock(thumbnail.time_s - drawing.start_s)
        words = text(texts.at_time.format(label=drawing.word(thumbnail.label), time=time))
        content = base64.b64encode(thumbnail.jpeg).decode()
        return Markup(f'<li><img alt="" src="data:image/jpeg;base64,{content}">{words}</li>')

    return Markup(f'<h3>{text(texts.images)}</h3><ul class="images">{joined(map(item, thumbnails))}</ul>')


def _card(heading: str, content: Markup) -> Markup:
    return Markup(f"<div><h3>{text(heading)}</h3>{content}</div>")
