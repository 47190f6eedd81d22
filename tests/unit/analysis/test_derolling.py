import cv2
import numpy as np
import pytest

from facestream.analysis.analyzer import Analyzer
from facestream.analysis.derolling import back_from, deroll_square
from facestream.analysis.faces import GrayImage
from facestream.analysis.geometry import eye_distance_px, tilt_deg
from facestream.analysis.landmarks import box_of_landmarks


@pytest.mark.parametrize("side_px", [40.0, 100.0, 330.0])
@pytest.mark.parametrize("angle", [0, 30, -75, 180])
def test_the_matrix_maps_a_point_of_the_crop_back_to_the_image(side_px: float, angle: float):
    gray = np.zeros((400, 500), np.uint8)
    cv2.circle(gray, (260, 190), 9, 255, cv2.FILLED)

    square, matrix = deroll_square(gray, (250.0, 200.0), side_px, angle, 64)

    y, x = (float(np.mean(axis)) for axis in np.nonzero(square > 127))
    back = back_from(matrix, np.array([[x, y]], np.float32))[0]
    assert back == pytest.approx((260, 190), abs=0.5 + side_px / 128)


def test_a_clockwise_tilt_is_corrected():
    gray = np.zeros((200, 200), np.uint8)
    cv2.line(gray, (100, 100), (140, 140), 255, 5)  # to the right, tilted by 45 degrees

    square, _ = deroll_square(gray, (100, 100), 160, 45, 80)

    rows, columns = np.nonzero(square > 127)
    assert rows.max() - rows.min() < 6
    assert columns.min() > 36


@pytest.mark.parametrize("center_xy", [(-300.0, 50.0), (0.0, 0.0), (1e6, 1e6)])
def test_a_square_past_the_edge_is_filled(center_xy: tuple[float, float]):
    square, _ = deroll_square(np.full((60, 80), 7, np.uint8), center_xy, 500.0, 20.0, 32)

    assert square.shape == (32, 32)
    assert set(np.unique(square)) == {7}


@pytest.mark.parametrize("angle", [-60, -30, 30, 60, 150])
def test_landmarks_of_a_tilted_face_are_as_accurate_as_upright_ones(
    analyzer: Analyzer, group_gray: GrayImage, angle: int
):
    upright = max(analyzer.analyze_still(group_gray).faces, key=lambda face: face.box.width).landmarks_xy
    height, width = group_gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -angle, 1.0)
    turned = cv2.warpAffine(group_gray, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    expected = upright @ turn[:, :2].T.astype(np.float32) + turn[:, 2].astype(np.float32)

    box, tilt = box_of_landmarks(expected), tilt_deg(expected)
    found = analyzer.predictor.predict(np.asarray(turned, np.uint8), box, tilt)

    assert tilt == pytest.approx(angle, abs=12)
    error_px = np.linalg.norm(found - expected, axis=1).mean()
    assert error_px < 0.04 * eye_distance_px(expected)
