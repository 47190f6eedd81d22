"""Print the faces in a photograph: `python analyze_image.py photo.jpg`."""

import sys

import facestream

analyzer = facestream.load_analyzer()
report = analyzer.analyze_still(facestream.read_gray(sys.argv[1]))
for face in report.faces:
    turned = "" if face.pose is None else f", turned by {face.pose.yaw_deg:+.0f} degrees"
    print(f"face {face.id}: {face.label}, happy {face.by_emotion[facestream.Emotion.HAPPY]:.0%}{turned}")
