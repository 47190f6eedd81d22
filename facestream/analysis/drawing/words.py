"""The words that are drawn into the video, in each language of the page; a test compares them with the page's own."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from facestream.analysis.faces import UNSURE, Emotion, UnsureReason


class Language(enum.StrEnum):
    """A language of the labels, as a BCP 47 tag."""

    ENGLISH = "en"
    GERMAN = "de"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    labels: Mapping[str, str]
    """By `Face.label`; the same as EMOTION_LABELS of the page."""
    reasons: Mapping[UnsureReason, str]
    """What the label says about each reason, for people who read it on the video."""
    percent_sign: str


WORDS: Mapping[Language, Words] = {
    Language.ENGLISH: Words(
        labels={
            Emotion.ANGRY: "Angry",
            Emotion.DISGUST: "Disgust",
            Emotion.FEAR: "Fear",
            Emotion.HAPPY: "Happy",
            Emotion.SAD: "Sad",
            Emotion.SURPRISE: "Surprise",
            Emotion.NEUTRAL: "Neutral",
            UNSURE: "Unsure",
        },
        reasons={
            UnsureReason.CLOSE: "two possible",
            UnsureReason.SMALL: "too small",
            UnsureReason.BLURRED: "blurred",
            UnsureReason.TURNED: "turned away",
            UnsureReason.HIDDEN: "covered",
            UnsureReason.DARK: "too dark",
            UnsureReason.MISPLACED: "points off the face",
        },
        percent_sign="%",
    ),
    Language.GERMAN: Words(
        labels={
            Emotion.ANGRY: "Wütend",
            Emotion.DISGUST: "Angewidert",
            Emotion.FEAR: "Ängstlich",
            Emotion.HAPPY: "Fröhlich",
            Emotion.SAD: "Traurig",
            Emotion.SURPRISE: "Überrascht",
            Emotion.NEUTRAL: "Neutral",
            UNSURE: "Unklar",
        },
        reasons={
            UnsureReason.CLOSE: "zwei möglich",
            UnsureReason.SMALL: "zu klein",
            UnsureReason.BLURRED: "unscharf",
            UnsureReason.TURNED: "abgewandt",
            UnsureReason.HIDDEN: "verdeckt",
            UnsureReason.DARK: "zu dunkel",
            UnsureReason.MISPLACED: "Punkte neben dem Gesicht",
        },
        percent_sign=" %",
    ),
}
