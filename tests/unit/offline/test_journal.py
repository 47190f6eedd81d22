from pathlib import Path

import pytest

from facestream.errors import ConfigError
from facestream.offline.journal import Entry, ResultFolder, Totals, check_place, stamp_of
from facestream.offline.sources import FoundSources, Source, SourceKind

SETTINGS: dict[str, object] = {"every": 1}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"frames")
    return Source(SourceKind.FILE, str(path), str(path))


def entry_of(source: Source) -> Entry:
    totals = Totals(frames=3, frames_with_faces=2, faces=1, seconds=0.1, size_wh=(64, 48))
    return Entry(source.shown, source.identity, *stamp_of(source), SETTINGS, totals)


def write(folder: ResultFolder, source: Source, content: str, name: str = "clip") -> None:
    partial = folder.partial(name)
    partial.mkdir()
    (partial / "faces.csv").write_text(content)
    folder.keep(name, entry_of(source))


def test_results_that_are_kept_are_whole_in_the_next_run(tmp_path: Path, source: Source):
    with ResultFolder(tmp_path / "out") as folder:
        write(folder, source, "one")

    with ResultFolder(tmp_path / "out") as folder:
        assert folder.is_whole(source, SETTINGS)
        assert folder.entries[source.identity][1].files == ["faces.csv", "source.json"]
    assert (tmp_path / "out" / "clip" / "faces.csv").read_text() == "one"


def test_other_settings_or_another_file_are_not_whole(tmp_path: Path, source: Source):
    with ResultFolder(tmp_path / "out") as folder:
        write(folder, source, "one")

        assert not folder.is_whole(source, {"every": 2})
        source.path.write_bytes(b"other frames")
        assert not folder.is_whole(source, SETTINGS)


def test_results_of_which_a_file_is_gone_are_not_whole_but_keep_their_name(tmp_path: Path, source: Source):
    with ResultFolder(tmp_path / "out") as folder:
        write(folder, source, "one")
    (tmp_path / "out" / "clip" / "faces.csv").unlink()

    with ResultFolder(tmp_path / "out") as folder:
        assert not folder.is_whole(source, SETTINGS)
        assert folder.entries[source.identity][0] == "clip"


def test_what_is_not_whole_is_removed_by_the_next_run(tmp_path: Path, source: Source):
    folder = ResultFolder(tmp_path / "out").__enter__()
    folder.partial("clip").mkdir()
    (folder.partial("clip") / "faces.csv").write_text("half")

    folder.close()

    with ResultFolder(tmp_path / "out") as folder:
        assert not folder.is_whole(source, SETTINGS)
        assert not folder.partial("clip").exists()
        assert not (tmp_path / "out" / "clip").exists()


def test_new_results_replace_the_old_ones_and_keep_the_files_of_the_person(tmp_path: Path, source: Source):
    with ResultFolder(tmp_path / "out") as folder:
        write(folder, source, "one")
        (tmp_path / "out" / "clip" / "notes.txt").write_text("mine")
        write(folder, source, "two")

    clip = tmp_path / "out" / "clip"
    assert (clip / "faces.csv").read_text() == "two"
    assert (clip / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in (tmp_path / "out" / ".facestream").iterdir()) == ["lock"]


def test_a_replacement_that_was_killed_between_its_renames_is_undone(tmp_path: Path, source: Source):
    with ResultFolder(tmp_path / "out") as folder:
        write(folder, source, "one")
    (tmp_path / "out" / "clip").rename(tmp_path / "out" / ".facestream" / "clip.old")

    with ResultFolder(tmp_path / "out") as folder:
        assert folder.is_whole(source, SETTINGS)


def test_a_camera_is_never_done(tmp_path: Path):
    camera = Source(SourceKind.CAMERA, "/dev/null", "/dev/null")
    with ResultFolder(tmp_path / "out") as folder:
        write(folder, camera, "one", "null")

        assert not folder.is_whole(camera, SETTINGS)


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path):
    with ResultFolder(tmp_path / "out"), pytest.raises(ConfigError, match="another analysis"):
        ResultFolder(tmp_path / "out").__enter__()


def test_a_table_of_the_person_is_not_replaced(tmp_path: Path):
    (tmp_path / "faces.csv").write_text("mine")

    with pytest.raises(ConfigError, match=r"faces\.csv"):
        ResultFolder(tmp_path).__enter__()

    assert not (tmp_path / ".facestream").exists()


@pytest.mark.parametrize("place", ["videos", "videos/results", "link/results"])
def test_a_folder_inside_a_searched_one_is_refused(tmp_path: Path, place: str):
    (tmp_path / "videos").mkdir()
    (tmp_path / "link").symlink_to("videos")
    found = FoundSources((), (tmp_path / "videos",), 0)

    with pytest.raises(ConfigError, match="inside"):
        check_place(tmp_path / place, found)


def test_a_folder_beside_the_searched_one_is_taken(tmp_path: Path):
    check_place(tmp_path / "videos-results", FoundSources((), (tmp_path / "videos",), 0))


def test_a_file_is_no_folder_for_results(tmp_path: Path, source: Source):
    with pytest.raises(ConfigError, match="is a file"):
        check_place(source.path, FoundSources((source,), (), 0))


def test_a_result_of_an_earlier_analysis_is_no_source_of_the_next(tmp_path: Path, source: Source):
    with ResultFolder(tmp_path / "out") as folder:
        write(folder, source, "one")
    result = tmp_path / "out" / "clip" / "annotated.mp4"
    found = FoundSources((Source(SourceKind.FILE, str(result), str(result)),), (), 0)

    with pytest.raises(ConfigError, match="result of an earlier"):
        check_place(tmp_path / "out", found)
