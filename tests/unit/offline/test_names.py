import os
from pathlib import Path

import pytest

from facestream.offline.journal import RESERVED
from facestream.offline.names import MAX_NAME_BYTES, result_names, safe_name
from facestream.offline.sources import Source, SourceKind


def video(path: str) -> Source:
    return Source(SourceKind.FILE, path, path)


def names(*paths: str, kept: dict[str, str] | None = None, taken: set[str] | None = None) -> list[str]:
    sources = [video(path) for path in paths]
    named = result_names(sources, kept or {}, taken or set())
    return [named[source.identity] for source in sources]


def test_results_are_named_after_the_file():
    assert names("/v/clip one.mp4") == ["clip one"]


def test_the_second_of_a_name_gets_its_suffix_its_folder_or_a_number():
    given = ["/v/a/clip.mp4", "/v/a/clip.mov", "/v/b/clip.mov", "/w/b/clip.mov", "/x/b/CLIP.mov"]

    assert names(*given) == ["clip", "clip.mov", "b-clip.mov", "clip-2", "CLIP-3"]


def test_a_name_from_an_earlier_run_stays_whatever_comes_before_it():
    kept = {os.path.realpath("/v/b/clip.mp4"): "clip"}

    assert names("/v/a/clip.mp4", "/v/b/clip.mp4", kept=kept) == ["clip.mp4", "clip"]


def test_a_name_that_is_taken_is_not_used():
    assert names("/v/sources.csv.mp4", taken={"Sources.csv"}) == ["sources.csv.mp4"]


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("10:30 interview", "10_30 interview"),
        ("two\nlines", "two_lines"),
        ("\U0001f600 happy", "\U0001f600 happy"),
        ("\udcff\udcfe", "__"),
        ("..", "_"),
        (".hidden", "_.hidden"),
        ("ends. ", "ends"),
        ("con", "_con"),
        ("-rf", "_-rf"),
        ("LPT1.old", "_LPT1.old"),
        ("a\\b/c", "a_b_c"),
        ("", "_"),
    ],
)
def test_a_name_is_valid_on_every_file_system(stem: str, name: str):
    assert safe_name(stem) == name


def test_a_long_name_is_cut_between_characters():
    name = safe_name("\u00e9" * 200)

    assert len(name.encode()) <= MAX_NAME_BYTES
    assert set(name) == {"\u00e9"}


def test_no_source_gets_the_name_of_a_joined_table():
    assert names("/v/faces.csv.mp4", taken={*RESERVED}) == ["faces.csv.mp4"]


def test_an_address_is_named_after_host_and_path():
    source = Source(SourceKind.ADDRESS, "rtsp://u:p@cam:554/live/1", "rtsp://cam:554/live/1")

    assert list(result_names([source], {}, set()).values()) == ["cam_554_live_1"]


def test_every_name_can_be_created(tmp_path: Path):
    for name in names("/a/x:y.mp4", "/a/" + "z" * 250 + ".mp4", "/a/\U0001f600.mp4"):
        (tmp_path / name).mkdir()
