"""The table of a face's labels: shares of time, mean probabilities, and their difference to its baseline. Pure."""

from facestream.analysis.faces import EMOTIONS
from facestream.messages.telemetry import LABELS
from facestream.results.report import charts
from facestream.results.report.charts import Drawing
from facestream.results.report.face_tally import FaceTally
from facestream.results.report.markup import Markup, joined, text
from facestream.results.report.numbers import clock_time
from facestream.results.session_file import Baseline

_LINE_CHARACTERS = 400


def neutral_line(drawing: Drawing, baseline: Baseline | None) -> Markup:
    """How the face looks at rest, and how that is known; empty without a baseline."""
    if baseline is None:
        return Markup("")
    shares = drawing.numbers.parts(baseline.probabilities)
    values = ", ".join(
        f"{drawing.word(str(emotion))} {share}" for emotion, share in zip(EMOTIONS, shares, strict=True)
    )
    if baseline.span_s is None:
        sentence = drawing.texts.neutral_set.format(at=clock_time(baseline.from_time_s), values=values)
    else:
        first, last = map(clock_time, baseline.span_s)
        sentence = drawing.texts.neutral_measured.format(first=first, last=last, values=values)
    return Markup(f'<p class="quiet">{text(sentence, _LINE_CHARACTERS)}</p>')


def distribution(drawing: Drawing, face: FaceTally, baseline: Baseline | None) -> Markup:
    """A row for each label."""
    texts, numbers = drawing.texts, drawing.numbers
    amounts = [face.labels_s[label] for label in LABELS]
    shares = numbers.parts(amounts)
    means = numbers.parts(face.means) if face.means else []
    differences = _differences(drawing, face, baseline)
    if differences:
        # No column of its own: a phone has no room for it.
        means = [f"{mean} ({difference})" for mean, difference in zip(means, differences, strict=True)]
    total = sum(amounts)

    def row(at: int, label: str) -> Markup:
        bar = f'<i class="{label}" style="width:{100 * amounts[at] / total:.2f}%"></i>' if amounts[at] else ""
        longest = face.spells.longest_s.get(label)
        cells = [
            shares[at],
            means[at] if at < len(means) else "",
            numbers.seconds(longest) if longest else "",
        ]
        shown = joined(Markup(f'<td class="number">{text(cell)}</td>') for cell in cells)
        return Markup(
            f'<tr><th scope="row">{charts.swatch(drawing, label)}{text(drawing.word(label))}</th>'
            f'<td class="bar">{bar}</td>'
            f"{shown}</tr>"
        )

    rows = joined(row(at, label) for at, label in enumerate(LABELS))
    heads = joined(
        Markup(f'<th scope="col" class="number">{text(head)}</th>')
        for head in (texts.share, texts.mean_and_difference if differences else texts.mean, texts.longest)
    )
    return Markup(
        f'<table><thead><tr><th scope="col">{text(texts.expression)}</th><td class="bar"></td>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _differences(drawing: Drawing, face: FaceTally, baseline: Baseline | None) -> list[str]:
    """Each mean minus the baseline, in percentage points; empty: not known.

    A baseline that a peer has set counts from then on only, and the means are those of the whole session.
    """
    if baseline is None or baseline.span_s is None or face.means is None:
        return []
    points = [
        round(100 * (mean - rest)) for mean, rest in zip(face.means, baseline.probabilities, strict=True)
    ]
    return [f"{'+' if difference > 0 else ''}{drawing.numbers.decimal(difference)}" for difference in points]
