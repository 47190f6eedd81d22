"""The glossary of CONTRIBUTING.md, as far as a program can check it: one word for each thing, in names and in prose."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

REPLACED = {
    "picture": "frame (video) or image (a photograph)",
    "visitor": "client",
    "knock": "check_request_rate",
    "standing": "session info",
    "economy": "degradation level",
    "mood": "emotion state",
    "doubt": "unsure reason",
    "throttle": "token bucket",
    "leveling": "derolling",
    "dear": "costly",
    "dearer": "costlier",
    "told": "notified, set, ordered: the plain verb",
}
"""Words that the project does not use, and what it says instead. Plurals count, too."""
OF_OTHERS = (
    '"economy"',
    "`economy`",
    '"picture"',
    "`picture`",
    '"pictures"',
    "`pictures`",
    "/pictures",
    "PictureType",
    "picture_id",
)
"""Names in version 1 of the messages, which stay, and names of libraries."""
WORDS = re.compile(rf"(?<![a-z])({'|'.join(REPLACED)})(s?)(?![a-z])", re.IGNORECASE)
HISTORY = {"CHANGELOG.md"}
PYTHON = sorted(
    path
    for folder in ("facestream", "benchmarks", "scripts", "examples")
    for path in (ROOT / folder).rglob("*.py")
)
PROSE = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models").glob("*.md")]
    if path.name not in HISTORY
)


def found_in(text: str) -> Iterator[str]:
    for known in OF_OTHERS:
        text = text.replace(known, "")
    for match in WORDS.finditer(text.replace("_", " ")):
        yield match[0]


def words_of_python(path: Path) -> Iterator[str]:
    """Names, strings and comments that use a replaced word, with their line."""
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        text = token.string
        if token.type == tokenize.NAME and text not in OF_OTHERS:
            # CamelCase counts as words.
            text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
        if token.type in (tokenize.NAME, tokenize.STRING, tokenize.COMMENT):
            for word in found_in(text):
                yield f"line {token.start[0]}: {word}: {REPLACED[word.lower().removesuffix('s')]}"


def inside(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PYTHON, ids=inside)
def test_names_and_sentences_of_the_code_use_the_words_of_the_glossary(path: Path):
    assert list(words_of_python(path)) == []


@pytest.mark.parametrize("path", PROSE, ids=inside)
def test_documents_use_the_words_of_the_glossary(path: Path):
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)

    found = [
        f"line {number}: {word}: {REPLACED[word.lower().removesuffix('s')]}"
        for number, line in lines
        for word in found_in(line)
    ]

    assert found == []


def test_the_check_finds_a_word_in_each_kind_of_text(tmp_path: Path):
    path = tmp_path / "module.py"
    path.write_text('"""Send pictures."""\n# dear\nclass PictureTrack:\n    view = "picture"\n')

    assert len(list(words_of_python(path))) == 3
