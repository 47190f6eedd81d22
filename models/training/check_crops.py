"""Check that training and serving cut every face of a split alike: `python -m models.training.check_crops --data ...`.

The crop rule is part of the model, and it is written twice: with OpenCV for one face, with torch for a batch.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from facestream.analysis.emotion.alignment import align_face
from models.training.augment import cut
from models.training.dataset import CROP_PX, load_faces

MOST_LEVELS = 2.0


def main() -> None:
    """Exit with 0 where no pixel differs by more than two gray levels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with valid.npz")
    parser.add_argument("--predictor", type=Path, required=True, help="dlib's 68-point file")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the landmark cache")
    args = parser.parse_args()
    faces = load_faces(args.data / "valid.npz", args.predictor, args.cache)
    matrices = torch.from_numpy(faces.crop_matrices())
    trained_on = cut(torch.from_numpy(faces.images).unsqueeze(1).float(), matrices)[:, 0].numpy()
    pairs = zip(faces.images, faces.landmarks_xy, strict=True)
    served = np.stack([align_face(image, points, CROP_PX) for image, points in pairs])
    most = float(np.abs(served - trained_on).max())
    print(f"{len(served)} faces: crops differ by at most {most:.2f} gray levels (allowed: {MOST_LEVELS})")
    raise SystemExit(most > MOST_LEVELS)


if __name__ == "__main__":
    main()
