"""The sentences of the report in one language; `{name}` is filled in.

The words of the labels are in analysis/drawing/words.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from facestream.analysis.drawing.words import Language


@dataclass(frozen=True, slots=True)
class Texts:
    """Every text of the report."""

    title: str
    estimates: str
    meaning_link: str
    limits: str
    limits_text: str
    letters: Mapping[str, str]
    """A letter for each label; the same as EMOTION_LETTERS of the page."""

    summary: str
    length: str
    analysed: str
    faces: str
    faces_at_once: str
    frames: str
    rate: str
    per_second: str
    quality: str
    grades: Mapping[str, str]
    seen_for: str
    unsure_mostly: str
    no_faces: str
    no_frames: str
    more_faces: str
    dropped_faces: str

    face: str
    named_face: str
    seen_between: str
    legend: str
    absent: str
    unmeasured: str
    timeline: str
    timeline_caption: str
    ribbon: str
    lines: str
    distribution: str
    expression: str
    share: str
    mean: str
    mean_and_difference: str
    neutral_measured: str
    neutral_set: str
    longest: str
    changes: str
    changes_caption: str
    changes_none: str
    before: str
    images: str
    at_time: str

    eyes: str
    blinks: str
    blink_rate: str
    too_short: str
    usual_opening: str
    closed: str
    closed_times: str
    closed_none: str
    closed_below: str
    closed_unknown: str
    closed_list: str
    closed_more: str
    eyes_unknown: str

    pose: str
    pose_caption: str
    pose_unknown: str
    direction: str
    directions: Mapping[str, str]

    unsure: str
    unsure_none: str
    reason: str
    reasons: Mapping[str, str]
    hints: str
    hint_names: Mapping[str, str]
    no_face_time: str
    several_time: str
    lost: str
    lost_times: str
    unanalysed: str
    unanalysed_reasons: Mapping[str, str]
    gaps: str
    gaps_times: str
    without_time: str
    size: str
    share_of_time: str
    share_of_faces: str
    all_faces: str
    first: str
    last: str
    seen: str
    leading: str

    events: str
    events_none: str
    events_left_out: str
    extra: str
    extra_caption: str
    extra_name: str
    mean_value: str
    least: str
    most: str
    extra_left_out: str

    definitions: str
    definition_texts: tuple[tuple[str, str], ...]
    """Names and what they mean."""
    about: str
    source: str
    made_at: str
    versions: str
    models: str
    settings: str
    cut_off: str
    not_written: str
    frames_missing: str
    values_missing: str


def texts_of(language: Language) -> Texts:
    """The texts of a language."""
    # They need the class above.
    from facestream.results.report.texts_de import GERMAN
    from facestream.results.report.texts_en import ENGLISH

    return {Language.ENGLISH: ENGLISH, Language.GERMAN: GERMAN}[language]
