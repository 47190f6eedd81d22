"""The glossary of CONTRIBUTING.md, as far as a program can check it: one word for each thing, in names and in prose."""

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
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
REPLACED_AS_NAMES = {
    "came": "a noun for what arrived: connections, frames",
    "recall": "read",
    "remember": "keep",
}
"""Words that are fine in a sentence, but not as the name of a function or a value."""
OF_OTHERS = (
    '"economy"',
    "`economy`",
    "'economy'",
    "economy: degradationLevel",
    "message.economy",
    '"picture"',
    "`picture`",
    "'picture'",
    "picture: 'Video'",
    "BACKGROUND_MODES.picture",
    "pictureInPicture",
    "PictureInPicture",
    "picture-in-picture",
    '"pictures"',
    "`pictures`",
    "/pictures",
    "PictureType",
    "picture_id",
)
"""Names in version 1 of the messages, which stay, and names of libraries."""
STATISTICS = {"models/training/metrics.py"}
"""There, recall is the statistical measure."""
HISTORY = {"CHANGELOG.md"}
GERMAN = re.compile(r"de(-\w+)?\.js")
"""Texts of the page in German: what is spelled like one of the words means something else there."""


def pattern_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])({'|'.join(words)})(s?)(?![a-z])", re.IGNORECASE)


WORDS = pattern_of([*REPLACED])
NAMES = pattern_of([*REPLACED, *REPLACED_AS_NAMES])


def files(*patterns: str) -> list[Path]:
    """The files of the project that match, without what npm installs and what lists the words themselves."""
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(
        path
        for path in found
        if "node_modules" not in path.parts
        and path.name not in HISTORY
        and not (GERMAN.fullmatch(path.name) and path.parent.name == "texts")
        and path != Path(__file__).resolve()
    )


PYTHON = files(
    "*.py",
    "facestream/**/*.py",
    "benchmarks/**/*.py",
    "scripts/**/*.py",
    "examples/**/*.py",
    "tests/**/*.py",
    "models/training/*.py",
)
SCRIPTS = files(
    "client/js/**/*.js",
    "client/lint/*.js",
    "client/*.js",
    "client/*.ts",
    "client/package/*.mjs",
    "client/package/*.ts",
    "tests/**/*.mjs",
    "examples/**/*.js",
)
TEXTS = files(
    "*.md",
    "docs/**/*.md",
    "models/*.md",
    "models/training/*.md",
    "models/training/Makefile",
    "models/manifest.json",
    "client/*.html",
    "client/css/*.css",
    "examples/**/*.html",
    "examples/**/*.md",
    "deploy/**/*",
)
COMMENTS_AND_STRINGS = re.compile(r"/\*.*?\*/|//[^\n]*|'[^'\n]*'|\"[^\"\n]*\"", re.DOTALL)
"""Of a script in JavaScript, well enough for a search: `//` in a template literal counts as a comment."""


def words_in(text: str, pattern: re.Pattern[str] = WORDS) -> Iterator[str]:
    """The replaced words of a text, with what to say instead; parts of CamelCase count as words."""
    for known in OF_OTHERS:
        text = text.replace(known, "")
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("_", " ")
    for match in pattern.finditer(text):
        instead = REPLACED | REPLACED_AS_NAMES
        yield f"{match[0]}: {instead[match[1].lower()]}"


def words_of_python(path: Path) -> Iterator[str]:
    """Names, strings and comments that use a replaced word, with their line."""
    names = WORDS if inside(path) in STATISTICS else NAMES
    source = path.read_text(encoding="utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NAME, tokenize.STRING, tokenize.COMMENT):
            for word in words_in(token.string, names if token.type == tokenize.NAME else WORDS):
                yield f"line {token.start[0]}: {word}"


def words_of_text(text: str, pattern: re.Pattern[str] = WORDS) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), 1):
        for word in words_in(line, pattern):
            yield f"line {number}: {word}"


def words_of_script(path: Path) -> Iterator[str]:
    """As in Python: some words count in names only, so those are searched without comments and strings."""
    text = path.read_text(encoding="utf-8")
    yield from words_of_text(text)
    code = COMMENTS_AND_STRINGS.sub(lambda match: "\n" * match[0].count("\n"), text)
    yield from words_of_text(code, pattern_of([*REPLACED_AS_NAMES]))


def inside(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


@pytest.mark.parametrize("path", PYTHON, ids=inside)
def test_python_uses_the_words_of_the_glossary(path: Path):
    assert list(words_of_python(path)) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=inside)
def test_javascript_uses_the_words_of_the_glossary(path: Path):
    assert list(words_of_script(path)) == []


@pytest.mark.parametrize("path", TEXTS, ids=inside)
def test_documents_pages_and_deployment_files_use_the_words_of_the_glossary(path: Path):
    assert list(words_of_text(path.read_text(encoding="utf-8"))) == []


def test_the_check_finds_a_word_in_each_kind_of_text(tmp_path: Path):
    python = tmp_path / "module.py"
    python.write_text(
        '"""Send pictures."""\n# dear\nclass PictureTrack:\n    view = "picture"\n    came = 1\n'
    )
    script = tmp_path / "module.js"
    script.write_text(
        "/** The word came\n twice. */\nexport function recall(pictureCount) {\n  return 'came';\n}\n"
    )

    assert [word.partition(":")[0] for word in words_of_python(python)] == [
        "line 1",
        "line 2",
        "line 3",
        "line 5",
    ]
    assert [word.partition(":")[0] for word in words_of_script(script)] == ["line 3", "line 3"]


@pytest.mark.parametrize("kind", ["PYTHON", "SCRIPTS", "TEXTS"])
def test_the_check_reads_each_folder(kind: str):
    expected = {
        "PYTHON": {"facestream", "benchmarks", "scripts", "examples", "tests", "models"},
        "SCRIPTS": {"client", "tests", "examples"},
        "TEXTS": {"docs", "models", "client", "examples", "deploy"},
    }

    assert expected[kind] <= {path.relative_to(ROOT).parts[0] for path in globals()[kind]}
