import ctypes
import errno
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest
from numpy.typing import NDArray

from facestream.analysis.dlib_landmarks import DlibLandmarks
from facestream.analysis.faces import BoundingBox, GrayImage, LandmarksXY
from facestream.analysis.model_files import checked_path, prepare_trees, read_manifest
from facestream.analysis.models import load_analyzer
from facestream.analysis.trees.dlib_file import read_dlib_file
from facestream.analysis.trees.forest import (
    FORMAT,
    Forest,
    is_prepared,
    open_forest,
    prepare_forest,
    prepared_path,
)
from facestream.analysis.trees.library import SOURCE, build_library, find_library, library_name
from facestream.analysis.trees.predictor import TreesPredictor
from facestream.errors import ModelFileError
from facestream.resources import MODELS_DIR
from tests.times import seconds

BOXES = 150


@pytest.fixture(scope="module")
def dat() -> Path:
    return checked_path(MODELS_DIR, "landmarks")


@pytest.fixture(scope="module")
def sha256() -> str:
    return read_manifest(MODELS_DIR)["landmarks"].sha256


@pytest.fixture(scope="module")
def library(dat: Path) -> ctypes.CDLL:
    found = find_library(dat.parent)
    assert found is not None, "make models has compiled it"
    return found


@pytest.fixture(scope="module")
def trees(dat: Path, sha256: str, library: ctypes.CDLL) -> TreesPredictor:
    return TreesPredictor(library, open_forest(prepared_path(dat), sha256))


@pytest.fixture(scope="module")
def reference(dat: Path) -> dlib.shape_predictor:
    return dlib.shape_predictor(str(dat))


def by_dlib(reference: dlib.shape_predictor, gray: GrayImage, box: tuple[int, int, int, int]) -> LandmarksXY:
    shape = reference(np.ascontiguousarray(gray), dlib.rectangle(*box))
    return np.array([(point.x, point.y) for point in shape.parts()], np.float32)


def round_to(fractions: LandmarksXY, whole: LandmarksXY) -> bool:
    """Whether `whole` is what dlib makes of `fractions`; the hundredth is for leaves in 16 bits, where dlib has 32."""
    return bool((np.abs(fractions - whole) <= 0.51).all())


def off_percent(fractions: LandmarksXY, whole: LandmarksXY, box: tuple[int, int, int, int]) -> float:
    """Mean distance beyond what dlib rounds, in percent of the box."""
    beyond = np.maximum(np.abs(fractions - whole) - 0.5, 0)
    return 100 * float(np.linalg.norm(beyond, axis=1).mean()) / max(box[2] - box[0], 1)


def boxes_around(gray: GrayImage, seed: int) -> Iterator[tuple[int, int, int, int]]:
    """Boxes of all sizes and places, also beyond the edges and empty; left, top, right, bottom."""
    chance = np.random.default_rng(seed)
    height, width = gray.shape
    for _ in range(BOXES):
        side = int(chance.choice([0, 1, 2, 9, 40, 120, 300, 900]))
        left, top = (
            int(chance.integers(-side - 20, width + 20)),
            int(chance.integers(-side - 20, height + 20)),
        )
        yield left, top, left + side - 1, top + int(side * chance.uniform(0.7, 1.4)) - 1


def test_the_landmarks_are_those_that_dlib_rounds_in_nearly_every_box(
    trees: TreesPredictor, reference: dlib.shape_predictor, group_gray: GrayImage
):
    """In the others, a rounded leaf moves a pixel that a later tree compares, and that tree goes the other way."""
    noise = np.random.default_rng(3).integers(0, 256, (97, 143)).astype(np.uint8)

    for seed, gray in enumerate((group_gray, noise, np.zeros((5, 3), np.uint8))):
        same, off = list[bool](), list[float]()
        for box in boxes_around(gray, seed):
            found, expected = trees.predict(gray, *box), by_dlib(reference, gray, box)
            same.append(round_to(found, expected))
            off.append(off_percent(found, expected, box))
        assert np.mean(same) > 0.85
        assert max(off) < 6, "two boxes of dlib's that are a pixel apart differ by more"


def test_on_faces_the_landmarks_are_as_near_to_those_of_dlib_as_its_rounding_leaves_them(
    trees: TreesPredictor, reference: dlib.shape_predictor, group_gray: GrayImage
):
    off = list[float]()
    for face in load_analyzer().analyze_still(group_gray).faces:
        left, top, side = round(face.box.left), round(face.box.top), round(face.box.width)
        for shift in range(-4, 5):
            box = left + shift, top - shift, left + shift + side, top - shift + side
            off.append(off_percent(trees.predict(group_gray, *box), by_dlib(reference, group_gray, box), box))

    assert len(off) == 5 * 9
    assert np.median(off) < 0.01
    assert max(off) < 1


def test_fractions_of_a_pixel_are_nearer_to_the_landmarks_of_a_larger_copy(group_gray: GrayImage):
    analyzer = load_analyzer()
    predictor, large = analyzer.predictor, np.asarray(cv2.resize(group_gray, None, fx=2, fy=2), np.uint8)
    off_by_fractions, off_by_whole = [], []

    for face in analyzer.analyze_still(group_gray).faces:
        box = face.box
        doubled = BoundingBox(2 * box.left + 0.5, 2 * box.top + 0.5, 2 * box.width, 2 * box.height)
        expected = (predictor.predict(large, doubled) - 0.5) / 2
        found = predictor.predict(group_gray, box)
        off_by_fractions.append(np.linalg.norm(found - expected, axis=1).mean())
        off_by_whole.append(np.linalg.norm(found.round() - expected, axis=1).mean())

    assert np.median(off_by_fractions) < 0.85 * np.median(off_by_whole)


def test_a_part_of_an_image_and_a_mirrored_one_are_read_in_place(
    trees: TreesPredictor, group_gray: GrayImage
):
    for gray in (group_gray[31:, 17:-5], group_gray[::-1], group_gray[:, ::-1], group_gray[::2, ::2]):
        copied = gray.copy()
        for box in list(boxes_around(gray, 7))[:20]:
            assert (trees.predict(gray, *box) == trees.predict(copied, *box)).all(), box


def test_several_threads_predict_at_the_same_time(trees: TreesPredictor, group_gray: GrayImage):
    boxes = list(boxes_around(group_gray, 11))[:40]
    expected = [trees.predict(group_gray, *box) for box in boxes]
    wrong = list[tuple[int, int, int, int]]()

    def predict() -> None:
        for _ in range(5):
            for box, landmarks in zip(boxes, expected, strict=True):
                if not (trees.predict(group_gray, *box) == landmarks).all():
                    wrong.append(box)

    threads = [threading.Thread(target=predict) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_the_library_is_called_without_the_lock_of_python(library: ctypes.CDLL):
    assert isinstance(library, ctypes.CDLL)
    assert not isinstance(library, ctypes.PyDLL), "a PyDLL keeps the lock"


def test_without_the_compiled_part_dlib_predicts_the_same_in_whole_pixels(
    dat: Path, sha256: str, tmp_path: Path, group_gray: GrayImage
):
    alone = tmp_path / dat.name
    alone.symlink_to(dat)
    box = BoundingBox(200, 100, 150, 150)

    fast, slow = DlibLandmarks(dat, sha256), DlibLandmarks(alone, sha256)

    assert fast.compiled
    assert not slow.compiled
    assert round_to(fast.predict(group_gray, box), slow.predict(group_gray, box))


@pytest.fixture
def prepared(dat: Path, tmp_path: Path) -> Path:
    """A copy of the prepared file that a test may damage."""
    return Path(shutil.copy(prepared_path(dat), tmp_path))


def change(path: Path, field: str, value: object) -> None:
    record = np.load(path, mmap_mode="r+")
    # The two last, because the very last word of the splits has exponents.
    record[field].reshape(-1)[-2:] = value
    record.flush()


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("anchor", 68, "not there"),
        ("splits", 511, "not there"),
        ("splits", 500 << 9, "not there"),
        ("of", b"0" * 64, "another file"),
        ("format", FORMAT + 1, "another version"),
    ],
)
def test_a_prepared_file_with_wrong_values_is_not_used(
    prepared: Path, sha256: str, field: str, value: object, reason: str
):
    assert is_prepared(prepared, sha256)

    change(prepared, field, value)

    with pytest.raises(ValueError, match=reason):
        open_forest(prepared, sha256)


@pytest.mark.parametrize("bytes_left", [0, 50, 2_000, 1_000_000])
def test_a_prepared_file_that_is_cut_off_is_not_used(prepared: Path, sha256: str, bytes_left: int):
    os.truncate(prepared, bytes_left)

    assert not is_prepared(prepared, sha256)


def test_another_file_of_numpy_is_not_used(tmp_path: Path, sha256: str):
    path = tmp_path / "other.npy"
    for other in (np.zeros(3), np.zeros(1, [("leaves", "f4", (2, 3)), ("anchor", "u2", (1, 1))])):
        np.save(path, other)
        with pytest.raises(ValueError, match="trees"):
            open_forest(path, sha256)
    np.save(path, np.zeros(1, [("leaves", "f4", (2, 3, 4, 5)), ("anchor", "u2")]))
    with pytest.raises(ValueError, match="trees"):
        open_forest(path, sha256)
    with path.open("wb") as file:
        np.savez(file, leaves=np.zeros(3))
    assert not is_prepared(path, sha256)
    np.save(path, np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match=r"pickle|Pickle|object|Array"):
        open_forest(path, sha256)


@pytest.mark.parametrize(
    ("bytes_kept", "reason"), [(0, "ends too early"), (5_000, "ends"), (5_001, "ends"), (3_000_000, "ends")]
)
def test_a_landmark_file_that_is_cut_off_is_refused(
    dat: Path, tmp_path: Path, library: ctypes.CDLL, bytes_kept: int, reason: str
):
    short = tmp_path / "short.dat"
    with dat.open("rb") as file:
        short.write_bytes(file.read(bytes_kept))

    with pytest.raises(ModelFileError, match=reason):
        prepare_forest(short, "", library)
    assert list(tmp_path.iterdir()) == [short]


@pytest.mark.parametrize(
    "content", [b"\x01\x02" + bytes(100), b"no landmark file of dlib" * 50, b"\x0f" * 40]
)
def test_another_file_than_one_of_dlib_is_refused(tmp_path: Path, library: ctypes.CDLL, content: bytes):
    other = tmp_path / "other.dat"
    other.write_bytes(content)

    with pytest.raises(ModelFileError, match=r"other\.dat"):
        prepare_forest(other, "", library)


@pytest.fixture
def models_copy(dat: Path, tmp_path: Path) -> Path:
    """The manifest and the landmark file, with nothing prepared."""
    cache = tmp_path / "models" / "cache"
    cache.mkdir(parents=True)
    shutil.copy(MODELS_DIR / "manifest.json", cache.parent)
    (cache / dat.name).symlink_to(dat)
    return cache.parent


def prepared_again(models_dir: Path) -> str:
    return prepare_trees(models_dir, read_manifest(models_dir)["landmarks"])


def test_the_trees_are_compiled_and_prepared_once(models_copy: Path, dat: Path, sha256: str):
    first = prepared_again(models_copy)
    cache = models_copy / "cache"
    times = {path.name: path.stat().st_mtime_ns for path in cache.iterdir()}
    second = prepared_again(models_copy)

    assert first == second
    assert "a quarter of the time" in first
    assert set(times) == {dat.name, prepared_path(dat).name, library_name()}
    assert {path.name: path.stat().st_mtime_ns for path in cache.iterdir()} == times
    assert DlibLandmarks(cache / dat.name, sha256).compiled
    assert prepared_path(cache / dat.name).read_bytes() == prepared_path(dat).read_bytes()


def test_without_a_compiler_the_sentence_says_what_to_install(
    models_copy: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(models_copy))

    assert "install a C compiler" in prepared_again(models_copy)


def use_compiler(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Let this script of the shell be the only compiler."""
    compiler = folder / "bin" / "cc"
    compiler.parent.mkdir()
    compiler.write_text(script)
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:/bin")


def test_what_a_failing_compiler_says_is_passed_on(
    models_copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    use_compiler(monkeypatch, tmp_path, "#!/bin/sh\necho 'cc: no space left' >&2\nexit 1\n")
    cache = models_copy / "cache"
    before = set(cache.iterdir())

    assert "cc: no space left" in prepared_again(models_copy)
    assert set(cache.iterdir()) == before


def test_a_linker_without_room_is_quoted_with_its_reason(
    models_copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    use_compiler(
        monkeypatch, tmp_path, "#!/bin/sh\necho 'ld: No space left on device\nld returned 1' >&2\nexit 1\n"
    )

    assert "(ld: No space left on device; ld returned 1)" in prepared_again(models_copy)


def test_a_folder_that_cannot_be_written_to_is_named(models_copy: Path, monkeypatch: pytest.MonkeyPatch):
    def touch(path: Path, *_: object, **_more: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "touch", touch)

    assert f"make {models_copy / 'cache'} a folder that can be written to (Read-only file system)" in (
        prepared_again(models_copy)
    )


def test_a_full_disk_is_said_with_the_folder(models_copy: Path, monkeypatch: pytest.MonkeyPatch):
    def save(*_: object, **_more: object) -> None:
        raise OSError("Not enough free space to write 65835612 bytes")

    monkeypatch.setattr("facestream.analysis.trees.forest.np.save", save)

    assert f"{models_copy / 'cache'}: Not enough free space" in prepared_again(models_copy)


def test_what_a_compiler_writes_must_be_a_library(
    models_copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    use_compiler(
        monkeypatch, tmp_path, '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho no library > "$2"\n'
    )

    with pytest.raises(ModelFileError, match="cannot compile"):
        build_library(models_copy / "cache")
    assert find_library(models_copy / "cache") is None


def test_trees_are_made_of_the_file_of_the_manifest_only(models_copy: Path, dat: Path):
    changed = models_copy / "cache" / dat.name
    changed.unlink()
    with dat.open("rb") as file:
        changed.write_bytes(file.read()[:-1] + b"\0")

    assert "sha256" in prepared_again(models_copy)
    assert not prepared_path(changed).exists()


def test_a_damaged_library_is_reported_and_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / library_name()).write_bytes(b"\x7fELF damaged")

    assert find_library(tmp_path) is None
    assert "dlib predicts the landmarks" in caplog.text


def forest_of(leaves: NDArray[np.int64], exponents: Sequence[int], steps: Sequence[float]) -> Forest:
    """Trees that compare a pixel near the first point with one far to its left, and go left if it is lighter by 50.

    `leaves`: shape (cascades, trees, 16, 136). `exponents`: of the 16 leaves of each tree. `steps`: of each cascade.
    """
    cascades, trees = leaves.shape[:2]
    splits = np.full((cascades, trees, 16), 1 << 9 | (256 + 50) << 18, np.uint32)
    splits[..., 15] = sum(exponent << 2 * leaf for leaf, exponent in enumerate(exponents))
    return Forest(
        leaves=(leaves + 32768).astype(np.uint16),
        steps=np.repeat(np.array(steps, np.float32)[:, np.newaxis], 136, axis=1),
        splits=splits,
        offset=np.array([[[0, 0], [-9, 0]]] * cascades, np.float32),
        anchor=np.zeros((cascades, 2), np.uint16),
        initial=np.zeros(136, np.float32),
    )


def test_a_place_just_below_a_half_is_outside_of_an_image_of_one_pixel(library: ctypes.CDLL):
    """It rounds to 1, as in dlib: 0.49999999999999994 + 0.5 is 1 in doubles."""
    leaves = np.zeros((1, 1, 16, 136), np.int64)
    leaves[0, 0, 0] = 9  # of a face whose first pixel is lighter than its second one in all comparisons
    row = np.array([[0, 200]], np.uint8)
    left = 0.49999999999999994

    landmarks = TreesPredictor(library, forest_of(leaves, [0] * 16, [1])).predict(
        row[:, :1], left, 0, left + 1, 1
    )

    assert landmarks.max() <= 1, "the pixel beside the image was read"


@pytest.mark.parametrize("trees", [1, 3, 4, 5, 512])
@pytest.mark.parametrize(("gray_level", "leaf"), [(0, 15), (200, 0)])
def test_the_points_are_the_sum_of_one_leaf_of_each_tree(
    library: ctypes.CDLL, trees: int, gray_level: int, leaf: int
):
    chance = np.random.default_rng(trees)
    leaves = chance.choice([-32768, -1, 0, 7, 32767], (2, trees, 16, 136))
    # A black second cascade would go to the last leaf, so the first one leaves the first point where it is.
    leaves[0, :, :, :2] = 0
    exponents, steps = [3] + 14 * [0] + [2], [1e-6, 1e-9]
    image = np.full((1, 1), gray_level, np.uint8)

    found = TreesPredictor(library, forest_of(leaves, exponents, steps)).predict(image, 0, 0, 1, 1)

    expected = (leaves[:, :, leaf].sum(axis=1) * 4 ** exponents[leaf] * np.array(steps)[:, np.newaxis]).sum(
        axis=0
    )
    np.testing.assert_allclose(found.reshape(-1), expected, rtol=1e-5, atol=1e-6)


def test_the_prepared_trees_are_those_of_dlib_with_rounded_leaves(
    dat: Path, sha256: str, library: ctypes.CDLL
):
    forest, exact = open_forest(prepared_path(dat), sha256), read_dlib_file(dat, library)

    for name in ("initial", "anchor", "offset"):
        assert (getattr(forest, name) == getattr(exact, name)).all()
    splits = forest.splits[..., :15]
    assert (splits & 511 == exact.first).all()
    assert (splits >> 9 & 511 == exact.second).all()
    assert ((splits >> 18).astype(int) - 256 == np.floor(exact.threshold)).all()
    exponents = forest.splits[..., 15:] >> 2 * np.arange(16, dtype=np.uint32) & 3
    for cascade in range(len(forest.leaves)):
        step = forest.steps[cascade] * 4.0 ** exponents[cascade, ..., np.newaxis]
        off = np.abs((forest.leaves[cascade].astype(int) - 32768) * step - exact.leaves[cascade])
        assert (off / step).max() <= 0.5001
        # Of the largest value of its leaf, or where all are small: of a 64th of the largest one of the cascade.
        size = np.abs(exact.leaves[cascade]).max(axis=(0, 1))
        share = np.maximum((np.abs(exact.leaves[cascade]) / size).max(axis=2, keepdims=True), 1 / 64)
        assert (off / (share * size)).max() <= 4 / 65534


def test_the_file_of_an_older_version_is_removed(models_copy: Path, dat: Path):
    older = models_copy / "cache" / dat.with_suffix(".trees.npy").name
    older.write_bytes(b"of format 1")

    prepared_again(models_copy)

    assert not older.exists()
    assert prepared_path(older.with_name(dat.name)).exists()


def test_the_file_of_an_older_version_that_is_needed_again_stays(models_copy: Path, dat: Path):
    prepared_again(models_copy)
    older = models_copy / "cache" / dat.with_suffix(".trees.npy").name
    older.write_bytes(b"of format 1")

    prepared_again(models_copy)

    assert older.exists()


def test_a_header_that_numpy_cannot_parse_is_of_no_prepared_file(prepared: Path, sha256: str):
    for text in (b"(((((", b'"', b"\xff\xfe", b"[" * 60, b"1" * 60):
        with prepared.open("r+b") as file:
            file.seek(12)
            file.write(text)
        assert not is_prepared(prepared, sha256)


@pytest.fixture
def own_library(models_copy: Path) -> Path:
    prepared_again(models_copy)
    return models_copy / "cache" / library_name()


@pytest.mark.parametrize("which", ["library", "folder"])
def test_a_library_that_others_may_write_is_not_loaded(
    own_library: Path, which: str, caplog: pytest.LogCaptureFixture
):
    written = own_library if which == "library" else own_library.parent
    written.chmod(0o757)
    find_library.cache_clear()

    assert find_library(own_library.parent) is None
    assert f"chmod go-w {written}" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
@pytest.mark.parametrize("which", ["library", "folder", "prepared"])
def test_what_belongs_to_another_user_is_not_loaded(
    own_library: Path, dat: Path, sha256: str, which: str, models_copy: Path
):
    alone = own_library.parent / dat.name
    given = {"library": own_library, "folder": own_library.parent, "prepared": prepared_path(alone)}[which]
    os.chown(given, 12345, 12345)
    find_library.cache_clear()

    assert not DlibLandmarks(alone, sha256).compiled
    said = prepared_again(models_copy)
    if which == "folder":
        assert f"{given} belongs to another user (number 12345)" in said
    else:
        assert DlibLandmarks(alone, sha256).compiled, "our own replaces it"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_a_library_that_a_group_of_others_may_write_is_not_loaded(
    own_library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    code = Path(shutil.copy(SOURCE, tmp_path / "trees.c"))
    code.chmod(0o664)
    monkeypatch.setattr("facestream.analysis.trees.library.SOURCE", code)
    own_library.chmod(0o775)
    os.chown(own_library, -1, 12345)
    find_library.cache_clear()
    assert find_library(own_library.parent) is None

    os.chown(code, -1, 12345)
    find_library.cache_clear()
    assert find_library(own_library.parent) is not None, "the group may change the code as well"

    os.chown(own_library, -1, own_library.stat().st_uid)
    find_library.cache_clear()
    assert find_library(own_library.parent) is not None, "a user's own group"


def test_only_their_user_may_write_the_prepared_files(models_copy: Path):
    before = os.umask(0)
    try:
        prepared_again(models_copy)
    finally:
        os.umask(before)

    made = [path for path in (models_copy / "cache").iterdir() if not path.is_symlink()]
    assert [path.stat().st_mode & 0o022 for path in made] == [0, 0]


def test_a_compiler_that_hangs_ends_with_all_that_it_has_started(
    models_copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    use_compiler(monkeypatch, tmp_path, f"#!/bin/sh\nsleep 600 & echo $! > {tmp_path}/started\nwait\n")
    monkeypatch.setattr("facestream.analysis.trees.library._COMPILE_DEADLINE_S", 1)

    assert "timed out" in prepared_again(models_copy)

    state = Path("/proc") / (tmp_path / "started").read_text().strip() / "stat"
    deadline_s = time.monotonic() + seconds(30)
    # The kernel ends it soon after the signal, not during it.
    while state.exists() and state.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline_s, "what the compiler has started goes on"
        time.sleep(0.01)
