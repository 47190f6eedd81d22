"""The words on the video: every label and reason in every language, the same as on the page."""

import re
from typing import get_args

import pytest

from facestream.analysis.drawing.pills import LETTERS
from facestream.analysis.drawing.words import WORDS, Language
from facestream.analysis.faces import EMOTIONS, UNSURE, UnsureReason
from facestream.messages.control import ChooseLanguage
from tests.conftest import ROOT

TEXTS = ROOT / "client" / "js" / "texts"


def test_the_languages_are_those_of_the_page_and_of_the_request():
    page = re.findall(r"^  (\w+): \{ name:", (TEXTS / "languages.js").read_text(), re.MULTILINE)

    assert page == list(Language) == list(WORDS)
    assert get_args(ChooseLanguage.model_fields["language"].annotation) == tuple(Language)


@pytest.mark.parametrize("language", list(Language))
def test_the_labels_on_the_video_are_those_of_the_page(language: Language):
    block = (TEXTS / f"{language}.js").read_text().partition("EMOTION_LABELS = {")[2].partition("}")[0]

    assert dict(WORDS[language].labels) == dict(re.findall(r"(\w+): '(.+)',", block))
    assert set(WORDS[language].labels) == {*EMOTIONS, UNSURE}


@pytest.mark.parametrize("language", list(Language))
def test_every_word_is_distinct_and_can_be_drawn(language: Language):
    words = WORDS[language]

    assert set(words.reasons) == set(UnsureReason)
    for texts in (list(words.labels.values()), list(words.reasons.values())):
        assert len(set(texts)) == len(texts)
        assert all(" " <= char <= "~" or char in LETTERS for char in "".join(texts))
