"""Print the faces and emotions in each frame of a video file: `python analyze_frames.py clip.mp4`."""

import sys

import av

import facestream

analyzer, tracks = facestream.load_analyzer(), facestream.Tracks()
with av.open(sys.argv[1]) as clip:
    for frame in clip.decode(video=0):
        report, tracks = analyzer.analyze(frame.to_ndarray(format="gray"), tracks, frame.time)
        for face in report.faces:
            print(f"{frame.time:.2f} s  face {face.id}  {face.label}  {face.confidence:.0%}")
