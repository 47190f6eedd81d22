"""Make a DataFrame of a video file, and print the mean of each emotion: `python clip_to_dataframe.py clip.mp4`.

Needs pandas. `facestream analyze clip.mp4 --out tables` writes the same and more as `faces.csv`, on all cores.
"""

import sys

import pandas as pd

import facestream

rows = [
    {"time_s": time_s, "face": face.id, "label": str(face.label), **face.by_emotion}
    for time_s, report in facestream.analyze_clip(sys.argv[1])
    for face in report.faces
]
faces = pd.DataFrame(rows, columns=["time_s", "face", "label", *facestream.EMOTIONS])
print(faces.groupby("face")[list(facestream.EMOTIONS)].mean().round(2).to_string())
