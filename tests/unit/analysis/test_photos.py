from pathlib import Path

import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.photos import read_gray
from facestream.errors import ImageError
from tests.times import milliseconds

EXIF_TURNED = bytes.fromhex(
    "ffe1 0022 457869660000 4d4d002a00000008 0001 0112 0003 00000001 0006 0000 00000000"
)
"""An EXIF segment that says: rotate the image by 90 degrees to the right."""


def written(path: Path, image: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


@pytest.fixture
def photo(media_dir: Path) -> Path:
    return media_dir / "multi_face.jpg"


def test_every_face_of_an_image_is_described(analyzer: Analyzer, photo: Path):
    report = analyzer.analyze_still(read_gray(photo))

    assert len(report.faces) >= 4


def test_an_image_of_one_pixel_has_no_face(analyzer: Analyzer, tmp_path: Path):
    path = written(tmp_path / "one.png", np.zeros((1, 1), np.uint8))

    assert analyzer.analyze_still(read_gray(path)).faces == ()


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 1), (40, 2000)])
def test_a_narrow_strip_is_searched_without_enlarging_it(
    analyzer: Analyzer, tmp_path: Path, shape: tuple[int, int]
):
    path = written(tmp_path / "strip.png", np.full(shape, 90, np.uint8))

    report = analyzer.analyze_still(read_gray(path))

    assert report.faces == ()
    assert report.detect_ms < milliseconds(10_000)


@pytest.mark.parametrize("name", ["large.png", "large.jpg"])
def test_an_image_of_8000x8000_is_rejected_before_it_is_decoded(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    path = written(tmp_path / name, np.zeros((8000, 8000), np.uint8))
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))

    with pytest.raises(ImageError, match="8000x8000 pixels, expected at most 40000000"):
        read_gray(path)


def test_a_few_bytes_do_not_unfold_to_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "bomb.gif"
    path.write_bytes(b"GIF89a" + (32_000).to_bytes(2, "little") * 2 + bytes(3) + b",")
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))

    with pytest.raises(ImageError, match="32000x32000 pixels, expected at most 40000000"):
        read_gray(path)


def test_the_limit_is_a_setting(tmp_path: Path):
    path = written(tmp_path / "p.png", np.zeros((100, 100), np.uint8))

    assert read_gray(path, max_pixels=10_000).shape == (100, 100)
    with pytest.raises(ImageError, match="expected at most 9999"):
        read_gray(path, max_pixels=9999)


def test_colours_with_transparency_are_read_as_gray(tmp_path: Path):
    rgba = np.zeros((20, 30, 4), np.uint8)
    rgba[..., 1] = 255

    gray = read_gray(written(tmp_path / "rgba.png", rgba))

    assert gray.shape == (20, 30)
    assert gray.dtype == np.uint8
    assert gray[0, 0] == pytest.approx(150, abs=2)


def test_sixteen_bits_are_read_as_eight(tmp_path: Path):
    gray = read_gray(written(tmp_path / "deep.png", np.full((20, 30), 0x8000, np.uint16)))

    assert gray.dtype == np.uint8
    assert gray[0, 0] == 128


@pytest.mark.parametrize("kind", [".png", ".webp", ".bmp", ".tiff", ".gif"])
def test_common_formats_are_read(tmp_path: Path, kind: str):
    path = written(tmp_path / f"p{kind}", np.full((60, 80, 3), 120, np.uint8))

    assert read_gray(path).shape == (60, 80)


def test_an_image_rotated_by_exif_is_read_upright(analyzer: Analyzer, photo: Path, tmp_path: Path):
    as_taken = cv2.imread(str(photo))
    assert as_taken is not None
    lying = cv2.rotate(as_taken, cv2.ROTATE_90_COUNTERCLOCKWISE)
    content = cv2.imencode(".jpg", lying)[1].tobytes()
    path = tmp_path / "turned.jpg"
    path.write_bytes(content[:2] + EXIF_TURNED + content[2:])

    report = analyzer.analyze_still(read_gray(path))

    upright = analyzer.analyze_still(read_gray(photo))
    assert len(report.faces) == len(upright.faces)
    assert sorted(face.box.left for face in report.faces) == pytest.approx(
        sorted(face.box.left for face in upright.faces), abs=5
    )


@pytest.mark.parametrize(
    "content", [b"no image", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x00" * 9]
)
def test_a_file_that_is_not_an_image_is_rejected(tmp_path: Path, content: bytes):
    path = tmp_path / "p.jpg"
    path.write_bytes(content)

    with pytest.raises(ImageError, match=r"p\.jpg: damaged or not an image; expected a complete JPEG"):
        read_gray(path)


def test_an_image_of_a_phone_is_named(tmp_path: Path):
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")

    with pytest.raises(ImageError, match=r"HEIC files cannot be read.*: export it as JPEG"):
        read_gray(path)


def test_a_video_is_no_image(media_dir: Path):
    with pytest.raises(ImageError, match=r"a video; expected an image .*`facestream replay`"):
        read_gray(media_dir / "single_face.mp4")


@pytest.mark.parametrize("name", ["half.jpg", "half.png"])
def test_a_truncated_image_is_rejected(tmp_path: Path, name: str):
    noise = np.random.default_rng(1).integers(0, 255, (200, 200), np.uint8)
    path = written(tmp_path / name, noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(ImageError, match="damaged or not an image"):
        read_gray(path)


def test_an_empty_file_is_rejected(tmp_path: Path):
    path = tmp_path / "p.jpg"
    path.touch()

    with pytest.raises(ImageError, match="the file is empty"):
        read_gray(path)


def test_a_missing_file_is_rejected(tmp_path: Path):
    with pytest.raises(ImageError, match=r"p\.jpg: cannot be read \(No such file"):
        read_gray(tmp_path / "p.jpg")


def test_a_directory_is_rejected(tmp_path: Path):
    with pytest.raises(ImageError, match="cannot be read"):
        read_gray(tmp_path)
