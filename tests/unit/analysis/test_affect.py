"""Valence and arousal of a face: where the words lie, and that they follow the probabilities."""

import numpy as np
import pytest

from facestream.analysis.affect import PLACES_OF_WORDS, valence_and_arousal
from facestream.analysis.faces import EMOTIONS, BoundingBox, Emotion, Face

WORDS = dict(zip(EMOTIONS, PLACES_OF_WORDS, strict=True))


def only(emotion: Emotion) -> tuple[float, ...]:
    return tuple(float(emotion == each) for each in EMOTIONS)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_face_that_shows_one_word_only_lies_where_the_word_lies(emotion: Emotion):
    assert valence_and_arousal(only(emotion)) == WORDS[emotion]


def test_pleasant_words_are_positive_and_unpleasant_words_negative():
    assert {word for word, (valence, _) in WORDS.items() if valence > 0} == {Emotion.HAPPY, Emotion.SURPRISE}
    assert {word for word, (valence, _) in WORDS.items() if valence == 0} == {Emotion.NEUTRAL}


def test_only_sadness_is_calmer_than_a_neutral_face():
    assert {word for word, (_, arousal) in WORDS.items() if arousal < 0} == {Emotion.SAD}


def test_a_face_between_two_words_lies_between_their_places():
    half = tuple(np.mean([only(Emotion.HAPPY), only(Emotion.NEUTRAL)], axis=0).tolist())

    assert valence_and_arousal(half) == pytest.approx((0.405, 0.255))


def test_a_face_has_both():
    face = Face(1, BoundingBox(0, 0, 9, 9), np.zeros((68, 2), np.float32), only(Emotion.SAD), "sad")

    assert (face.valence, face.arousal) == (-0.63, -0.27)
