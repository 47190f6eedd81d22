"""The HTML of the report: complete, safe whatever a text from outside contains, small however long the session."""

import io
import math
import random
import re
from collections.abc import Iterator
from dataclasses import fields
from html.parser import HTMLParser

import numpy as np
import pytest

from facestream.analysis.drawing.overlay import FACE_COLOURS as COLOURS_OF_VIDEO
from facestream.analysis.drawing.words import Language
from facestream.analysis.faces import UnsureReason
from facestream.messages.telemetry import LABELS
from facestream.results.formats import ResultWriter, format_named
from facestream.results.record import FrameResult
from facestream.results.report import style
from facestream.results.report.session import ReportEvent, ReportOptions, ReportSession
from facestream.results.report.texts import Texts, texts_of
from facestream.results.report.writer import ReportWriter
from facestream.results.session_file import Baseline, SessionFacts
from facestream.results.tables import TableOptions
from tests.conftest import ROOT
from tests.unit.results.samples import face, frame

NASTY = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title></script><!--",
    "\u202egnp.exe\u2066 \u200f",
    "a\0b\x1b[31m\ud800\n\t\r",
    "x" * 10_000,
    "{id} {0} {name!r} %s",
    "&lt;b&gt;&amp;",
    "]]>`${alert(1)}",
)
VOID = {"meta", "img", "path", "rect", "br"}


class Parsed(HTMLParser):
    """Every element with its attributes, the text, and the elements that are still open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def report_of(
    *results: FrameResult,
    session: ReportSession | None = None,
    options: ReportOptions | None = None,
    events: tuple[ReportEvent, ...] = (),
) -> str:
    file = io.StringIO()
    writer = ReportWriter(file, session, options)
    for event in events:
        writer.add_event(event)
    for result in results:
        writer.write(result)
    writer.close()
    writer.close()
    return file.getvalue()


def smiling(seconds: int = 20) -> list[FrameResult]:
    """Half happy, a quarter sad, a quarter unsure, at 10 frames per second."""
    count = seconds * 10
    labels = ["happy"] * (count // 2) + ["sad"] * (count // 4) + ["unsure"] * (count // 4)
    return [
        frame(n, face(1, label=label, unsure="close" if label == "unsure" else ""), time_s=n / 10)
        for n, label in enumerate(labels)
    ]


def test_the_summary_says_which_face_how_long_its_labels_and_why_it_was_unsure():
    text = Parsed(report_of(*smiling())).text

    assert "Face 1seen for 0:20 of 0:20" in text
    assert "Happy 50%" in text
    assert "Sad 25%" in text
    assert "Unsure 25%, mostly: two expressions about equally likely" in text
    assert "Data qualityfair" in text
    assert "Estimates, often wrong." in text


def test_the_report_of_a_photograph_shows_probabilities_and_no_time():
    text = Parsed(report_of(frame(0, face(1), face(2, label="unsure", unsure="turned"), time_s=0.0))).text

    assert "Face 1HappyH Happy 80%" in text
    assert "Unsure: face turned away" in text
    for about_time in ("Length", "Frame rate", "Timeline", "seen for", "Blinks per minute"):
        assert about_time not in text


def test_the_baseline_of_a_face_and_the_difference_of_its_means_are_shown():
    rest = (0.0, 0.0, 0.0, 0.1, 0.2, 0.0, 0.7)
    measured = Baseline(rest, from_time_s=0.0, span_s=(65.0, 70.0), measured_s=5.0, frames=50)

    text = Parsed(report_of(*smiling(), session=ReportSession(baselines={1: measured}))).text

    assert "Neutral face, the mean from 1:05 to 1:10: Angry 0%, Disgust 0%" in text
    assert "Neutral 70%. Differences to it are in percentage points." in text
    assert "Mean probability (difference to neutral)" in text
    # The means are those of `samples.face`.
    assert "80% (+70)" in text
    assert "5% (\u221265)" in text


def test_a_baseline_that_was_set_during_the_session_has_no_difference_of_means():
    rest = (0.0, 0.0, 0.0, 0.1, 0.2, 0.0, 0.7)
    options = ReportOptions(language=Language.GERMAN)

    text = Parsed(
        report_of(*smiling(), session=ReportSession(baselines={1: Baseline(rest, 12.0)}), options=options)
    ).text

    assert "Neutrales Gesicht festgelegt bei 0:12" in text
    assert "Unterschied" not in text


def test_the_report_in_german():
    html = report_of(*smiling(), options=ReportOptions(language=Language.GERMAN))

    assert '<html lang="de">' in html
    assert "Fröhlich 50\u00a0%" in Parsed(html).text.replace(" %", "\u00a0%")
    assert "Schätzungen, oft falsch." in html


FACTS = SessionFacts(
    source="clip.mp4",
    began_at="2026-11-27 15:00",
    models={"emotion": {"version": "1.0", "sha256": "abc"}},
    settings={"every": 2, "fps": None},
)


def test_the_format_html_writes_the_report_with_its_source_and_language():
    file = io.StringIO()
    options = TableOptions(facts=FACTS, report=ReportOptions(language=Language.GERMAN))
    form = format_named("html")
    writer: ResultWriter = form.make_writer(file, options)
    for result in smiling():
        writer.write(result)
    writer.close()

    assert form.file_name == "report.html"
    text = Parsed(file.getvalue()).text
    assert "Quelle: clip.mp4. Erstellt: 2026-11-27 15:00" in text
    assert "1.0, sha256 abc" in text
    assert "every2" in text
    assert "None" not in text


def test_every_section_of_a_face_is_there():
    spoiled = [
        frame(result.frame, *result.faces, face(2, label="sad"), time_s=result.time_s, extra={"smiles": 1.5})
        for result in smiling()
    ]
    text = Parsed(report_of(*spoiled, events=(ReportEvent(3.0, "Question 1"),))).text

    for heading in (
        "Timeline",
        "Distribution",
        "Changes of the expression",
        "Eyes",
        "Head pose",
        "All faces",
        "Events",
        "Values of your own analysis",
        "Data quality",
        "Definitions",
        "Limitations",
    ):
        assert heading in text
    assert "Question 1" in text


def report_with(text: str) -> str:
    """A report in which every text from outside is this one."""
    session = ReportSession(
        title=text,
        source=text,
        made_at=text,
        versions={text: text},
        models={text: text},
        settings={text: text},
        names={1: text},
        notes=(text,),
    )
    results = [
        frame(
            n,
            face(1, label="unsure", unsure=text, hints=(text,)),
            face(2, label=text, unsure=text),
            time_s=n,
            extra={text: 1.0},
        )
        for n in range(3)
    ]
    return report_of(*results, session=session, events=(ReportEvent(1.0, text),))


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_no_text_from_outside_becomes_markup(nasty: str):
    harmless, html = report_with("word"), report_with(nasty)

    def markup(report: str) -> list[tuple[str, list[str]]]:
        parsed = Parsed(report)
        assert parsed.open == []
        return [(tag, [*attributes]) for tag, attributes in parsed.elements]

    assert markup(html) == markup(harmless)
    # What would reverse the text around it, or is no text, is not there; and no text is long.
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\0\x1b\ud800-\udfff]", html)
    assert "x" * 1001 not in html
    html.encode()


def test_nothing_can_be_loaded_or_run():
    html = report_of(*smiling())
    parsed = Parsed(html)

    policy = next(
        attributes["content"]
        for tag, attributes in parsed.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"https?:|url\(|@import|<link|<script| src=", html)
    assert all(
        str(attributes.get("href", "#")).startswith("#") for tag, attributes in parsed.elements if tag == "a"
    )


def test_images_are_shown_only_if_the_option_allows_them():
    image = np.zeros((360, 640, 3), np.uint8)
    for images in (False, True):
        file = io.StringIO()
        writer = ReportWriter(file, options=ReportOptions(images=images))
        wanted = 0
        for result in smiling():
            writer.write(result)
            if writer.wants_image:
                wanted += 1
                writer.add_image(image)
        writer.close()

        # The first emotion and a change; unsure is none.
        assert wanted == (2 if images else 0)
        assert file.getvalue().count("<img ") == wanted
        assert ("img-src data:" in file.getvalue()) == images


def test_an_image_of_another_shape_is_refused():
    writer = ReportWriter(io.StringIO(), options=ReportOptions(images=True))

    with pytest.raises(ValueError, match=r"expected uint8, \(height, width\)"):
        writer.add_image(np.zeros((3, 4, 4), np.uint8))


@pytest.mark.parametrize(
    "results",
    [
        (),
        (frame(0),),
        (frame(0, face(1)),),
        (frame(0, unanalysed="off"),),
        (frame(0, face(1)), frame(1, face(1), time_s=1e7)),
        tuple(
            frame(
                n,
                face(
                    1,
                    probabilities=(math.nan,) * 7,
                    pose_deg=None,
                    eye_opening=math.nan,
                    box=(math.nan, 0, math.inf, 1),
                ),
            )
            for n in range(60)
        ),
    ],
    ids=["nothing", "no face", "one frame", "not analysed", "one long gap", "not numbers"],
)
def test_a_report_can_be_made_of_anything(results: tuple[FrameResult, ...]):
    html = report_of(*results, events=(ReportEvent(-5.0, "before"), ReportEvent(1e9, "after")))

    assert Parsed(html).open == []
    assert not re.search(r"\bnan\b|\binf\b", html)


def test_few_events_are_numbered_in_the_timeline_and_many_are_short_ticks():
    def marks(count: int) -> str:
        events = tuple(ReportEvent(n / 10, "Question") for n in range(count))
        return report_of(*smiling(), events=events).partition('<div class="marks')[2].partition("</div>")[0]

    assert marks(3).count("<b>") == 3
    assert marks(30).startswith(" many")
    assert marks(30).count("<i ") == 30
    assert "<b>" not in marks(30)


def test_an_hour_of_three_faces_is_small():
    chance = random.Random(1)
    shares = [tuple(chance.random() for _ in range(7)) for _ in range(50)]

    # Twice a second, because the size does not depend on the frame rate.
    def results() -> Iterator[FrameResult]:
        labels = ["happy", "sad", "neutral"]
        for n in range(3600 * 2):
            if n % 2 == 0:
                labels[chance.randrange(3)] = chance.choice(LABELS)
            faces = (
                face(at + 1, label=label, unsure="close", probabilities=chance.choice(shares), hints=())
                for at, label in enumerate(labels)
            )
            yield frame(n, *faces, time_s=n / 2)

    html = report_of(*results(), events=tuple(ReportEvent(float(n), "Question") for n in range(2000)))

    assert len(html.encode()) < 600_000


def test_a_crowd_that_flickers_is_below_five_megabytes():
    chance = random.Random(1)
    results = [
        frame(
            n,
            *(
                face(
                    number,
                    label=chance.choice(LABELS),
                    probabilities=tuple(chance.random() for _ in range(7)),
                    pose_deg=(chance.uniform(-60, 60), chance.uniform(-45, 45), 0.0),
                )
                for number in range(1, 25)
            ),
            time_s=n / 10,
        )
        for n in range(480)
    ]
    html = report_of(*results)

    assert len(html.encode()) < 3_000_000
    assert html.count("<section id=") == 12 + 1


def test_the_languages_have_the_same_texts():
    english, german = texts_of(Language.ENGLISH), texts_of(Language.GERMAN)

    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{\w+\}", text))

    for field in fields(Texts):
        one, other = getattr(english, field.name), getattr(german, field.name)
        if isinstance(one, str):
            assert places(one) == places(other), field.name
        elif isinstance(one, tuple):
            assert len(one) == len(other)
        else:
            assert [*one] == [*other]
    assert {*english.letters} == set(LABELS)
    assert {*english.reasons} == {*map(str, UnsureReason), "other"}


@pytest.mark.parametrize("language", list(Language))
def test_the_letters_of_the_labels_are_those_of_the_page(language: Language):
    page = (ROOT / "client" / "js" / "texts" / f"{language}.js").read_text(encoding="utf-8")
    block = page.partition("EMOTION_LETTERS = {")[2].partition("}")[0]

    assert dict(re.findall(r"(\w+): '(.+?)'", block)) == texts_of(language).letters


def test_the_colours_are_those_of_the_page_in_both_themes():
    light, dark = style.page_colours()
    sheet = (ROOT / "client" / "css" / "colours.css").read_text(encoding="utf-8")
    of_page = (ROOT / "client" / "js" / "session" / "report-style.js").read_text(encoding="utf-8")

    for name in (label for label in LABELS if label != "unsure"):
        assert f"--{name}: {light[name]};" in sheet
        assert light[name] != dark[name]
    assert len(COLOURS_OF_VIDEO) == style.FACE_COLOURS
    assert {f"face-{number}" for number in range(1, style.FACE_COLOURS + 1)} < set(light)
    # What only reports have is the same in both reports; and so are the grounds, and what has no other place.
    light_of_page, dark_of_page = (
        dict(re.findall(r"--([\w-]+):(#\w+)", of_page.partition(f"const {theme} = `")[2].partition("`")[0]))
        for theme in ("LIGHT", "DARK")
    )
    for name in ("hatch", "ground", "panel", "ink", "quiet", "hair", "accent"):
        assert (_long(light[name]), _long(dark[name])) == (
            _long(light_of_page[name]),
            _long(dark_of_page[name]),
        )


def _long(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(digit * 2 for digit in colour[1:])
