import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from facestream.analysis import model_files
from facestream.analysis.analyzer import Analyzer
from facestream.analysis.faces import BoundingBox, GrayImage
from facestream.analysis.geometry import eye_distance_px, head_pose, tilt_deg
from facestream.analysis.landmarks import box_of_landmarks
from facestream.analysis.mesh_landmarks import MeshLandmarks, mesh_weights
from facestream.analysis.model_files import checked_path, fetch_all, models_of, named_models
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.analysis.tracking.tracks import Tracks
from facestream.resources import MODELS_DIR
from tests.times import seconds

WITH_MESH = AnalysisOptions(landmarks="mesh", budget_ms=1e6)
WITHOUT_DLIB = """
import json, sys
sys.modules["dlib"] = None
import cv2
from facestream.analysis.model_files import checked_path
from facestream.analysis.models import load_analyzer
from facestream.analysis.options import AnalysisOptions
from facestream.errors import ModelFileError
gray = cv2.imread(sys.argv[1], cv2.IMREAD_GRAYSCALE)
faces = load_analyzer(options=AnalysisOptions(landmarks="mesh")).analyze_still(gray).faces
refused = []
for options in (AnalysisOptions(), AnalysisOptions(landmarks="mesh", detector="dlib")):
    try:
        load_analyzer(options=options)
    except ModelFileError as error:
        refused.append(str(error))
print(json.dumps([len(faces), refused]))
"""


@pytest.fixture(scope="module")
def mesh_analyzer() -> Analyzer:
    return load_analyzer(MODELS_DIR, WITH_MESH)


@pytest.fixture(scope="module")
def mesh() -> MeshLandmarks:
    return MeshLandmarks(checked_path(MODELS_DIR, "mesh"))


def test_each_landmark_is_a_weighted_mean_of_a_few_vertices():
    weights = mesh_weights()

    assert weights.shape == (68, 468)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-3)
    assert (weights > 0).sum(axis=1).max() <= 4


@pytest.mark.parametrize("name", ["single_face.mp4", "WolfgangLanger_Pexels.mp4"])
def test_landmarks_lie_where_those_of_dlib_lie(
    analyzer: Analyzer,
    mesh: MeshLandmarks,
    clip_frames: Callable[[str], Iterator[tuple[GrayImage, float]]],
    name: str,
):
    for gray, _ in islice(clip_frames(name), 0, 60, 20):
        of_dlib = analyzer.analyze_still(gray).faces[0].landmarks_xy
        of_mesh = mesh.predict(gray, box_of_landmarks(of_dlib), tilt_deg(of_dlib))

        error = np.linalg.norm(of_mesh - of_dlib, axis=1) / eye_distance_px(of_dlib)
        assert of_mesh.dtype == np.float32
        assert error[17:].mean() < 0.06
        assert error.mean() < 0.1
        # The box of both is the same: a track, a crop and a limit mean the same face.
        ratio = box_of_landmarks(of_mesh).width / box_of_landmarks(of_dlib).width
        assert ratio == pytest.approx(1, abs=0.08)


def test_all_faces_of_an_image_are_described(
    mesh_analyzer: Analyzer, analyzer: Analyzer, group_gray: GrayImage
):
    def faces_of(one: Analyzer) -> list[BoundingBox]:
        return [face.box for face in one.analyze_still(group_gray).faces]

    for box, other in zip(faces_of(mesh_analyzer), faces_of(analyzer), strict=True):
        assert box.center_xy == pytest.approx(other.center_xy, abs=0.1 * other.width)


@pytest.mark.parametrize("angle", [-150, -60, -20, 20, 60, 90])
def test_a_tilted_face_gets_the_landmarks_of_the_upright_one(
    mesh: MeshLandmarks, group_gray: GrayImage, angle: int
):
    first = mesh.predict(group_gray, BoundingBox(310.0, 240.0, 100.0, 100.0))
    upright = mesh.predict(group_gray, box_of_landmarks(first), tilt_deg(first))
    height, width = group_gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
    turned = cv2.warpAffine(group_gray, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    expected = upright @ turn[:, :2].T.astype(np.float32) + turn[:, 2].astype(np.float32)

    found = mesh.predict(np.asarray(turned, np.uint8), box_of_landmarks(expected), tilt_deg(expected))

    assert np.linalg.norm(found - expected, axis=1).mean() < 0.05 * eye_distance_px(expected)


@pytest.mark.parametrize(
    "box",
    [
        BoundingBox(-400.0, -400.0, 90.0, 90.0),
        BoundingBox(10.0, 10.0, 0.2, 0.2),
        BoundingBox(0.0, 0.0, 1e5, 1e5),
    ],
)
def test_a_box_beyond_the_image_or_without_size_gives_finite_points(
    mesh: MeshLandmarks, group_gray: GrayImage, box: BoundingBox
):
    assert np.isfinite(mesh.predict(group_gray, box)).all()


def test_the_presence_tells_a_face_from_a_wall(mesh: MeshLandmarks, group_gray: GrayImage):
    face, sky = BoundingBox(310.0, 230.0, 110.0, 110.0), BoundingBox(600.0, 50.0, 110.0, 110.0)

    assert mesh.predict_vertices(group_gray, face)[2] > 10
    assert mesh.predict_vertices(group_gray, sky)[2] < 0
    assert mesh.predict_and_judge(group_gray, face)[1] is True
    assert mesh.predict_and_judge(group_gray, sky)[1] is False


def test_a_face_that_is_covered_has_no_word_from_the_first_frame_and_is_soon_lost(
    mesh_analyzer: Analyzer, clip_frames: Callable[[str], Iterator[tuple[GrayImage, float]]]
):
    tracks, said = Tracks(), list[list[str | None]]()
    frames = [gray for gray, _ in islice(clip_frames("single_face.mp4"), 30)]
    for gray in frames:
        report, tracks = mesh_analyzer.analyze(gray, tracks, len(said) / 30)
        said.append([face.unsure for face in report.faces])
    box = report.faces[0].box
    covered = frames[-1].copy()
    covered[int(box.top) : int(box.top + box.height), int(box.left) : int(box.left + box.width)] = 120
    for number in range(30, 42):
        report, tracks = mesh_analyzer.analyze(covered, tracks, number / 30)
        said.append([face.unsure for face in report.faces])

    assert said[20:30] == [[None]] * 10
    assert said[30] == ["misplaced"]
    assert [None] not in said[30:]
    # Three checks of the detector, a tenth of a second apart.
    assert said[38] == []


def test_faces_that_the_mesh_sees_are_not_misplaced(mesh_analyzer: Analyzer, group_gray: GrayImage):
    faces = mesh_analyzer.analyze_still(group_gray).faces

    assert len(faces) == 5
    assert "misplaced" not in {face.unsure for face in faces}


def test_a_clip_is_followed_with_one_id(
    mesh_analyzer: Analyzer, clip_frames: Callable[[str], Iterator[tuple[GrayImage, float]]]
):
    tracks, labels = Tracks(), []
    for gray, time_s in clip_frames("single_face.mp4"):
        report, tracks = mesh_analyzer.analyze(gray, tracks, time_s)
        (face,) = report.faces
        assert face.id == 1
        pose = head_pose(face.landmarks_xy, (gray.shape[1], gray.shape[0]))
        assert pose is not None
        assert abs(pose.yaw_deg) < 15
        labels.append(face.label)

    assert labels[0] == "neutral"
    assert labels[-1] == "happy"


def test_a_blink_is_counted_with_both_models(
    mesh_analyzer: Analyzer,
    analyzer: Analyzer,
    clip_frames: Callable[[str], Iterator[tuple[GrayImage, float]]],
):
    """The lids of the mesh close by less than those of dlib."""
    counts = []
    for one in (analyzer, mesh_analyzer):
        tracks, blinks = Tracks(), [0]
        for gray, time_s in clip_frames("WolfgangLanger_Pexels.mp4"):
            report, tracks = one.analyze(gray, tracks, time_s)
            blinks += [face.blinks for face in report.faces[:1]]
        counts.append(max(blinks))

    assert 3 <= counts[1] <= counts[0] + 2


def test_neither_dlib_nor_its_file_is_needed(media_dir: Path):
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_DLIB, str(media_dir / "multi_face.jpg")],
        capture_output=True, text=True, timeout=seconds(60), check=True,
    )  # fmt: skip
    count, refused = json.loads(ended.stdout)

    assert count == 5
    assert "landmarks is dlib" in refused[0]
    assert "set landmarks to mesh" in refused[0]
    assert "set detector to blazeface" in refused[1]


def test_only_the_files_of_the_options_are_named_and_fetched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(
        model_files, "prepare", lambda *_args, **_named: pytest.fail("prepares trees of dlib")
    )

    fetch_all(MODELS_DIR, WITH_MESH)

    assert "shape_predictor" not in capsys.readouterr().out
    assert "landmarks" not in models_of(MODELS_DIR, WITH_MESH)
    assert "mesh 0.10.21" in named_models(MODELS_DIR, WITH_MESH)
