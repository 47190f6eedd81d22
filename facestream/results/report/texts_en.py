"""The report in English."""

from facestream.results.report.texts import Texts

ENGLISH = Texts(
    title="Facial expressions",
    estimates="Estimates, often wrong.",
    meaning_link="What they mean",
    limits="Limitations",
    limits_text=(
        "Each label is a small neural network’s guess at the expression, and it is often wrong. It is a word that people "
        "would use for an image of the face; it does not show what a person feels. It does not describe a single frame: "
        "the probabilities are averaged over a short time, usually about 0.3 seconds, and a label stays until another "
        "one has been more likely for a moment, for longer while somebody speaks. Do not base any decision about a "
        "person on it."
    ),
    letters={
        "angry": "A",
        "disgust": "D",
        "fear": "F",
        "happy": "H",
        "sad": "Sa",
        "surprise": "Su",
        "neutral": "N",
        "unsure": "?",
    },
    summary="Summary",
    length="Length",
    analysed="Analysed",
    faces="Faces",
    faces_at_once="{faces}, {most} at once",
    frames="Frames",
    rate="Frame rate",
    per_second="{rate} per second",
    quality="Data quality",
    grades={"good": "good", "fair": "fair", "poor": "poor"},
    seen_for="seen for {seen} of {length}",
    unsure_mostly="Unsure {share}, mostly: {reason}",
    no_faces="No face was found.",
    no_frames="No frame was analysed.",
    more_faces="Further faces: {count}. They were seen for {longest} or less; “All faces” below has their numbers.",
    dropped_faces="Faces that are not in this report, because there were too many: {count}. Each was seen for {longest} or less.",
    face="Face {id}",
    named_face="Face {id}: {name}",
    seen_between="Seen between {first} and {last}. Frames: {frames}",
    legend="Legend",
    absent="face not found",
    unmeasured="not measured",
    timeline="Timeline",
    timeline_caption=(
        "Above: the most frequent label of each moment. Below: the mean probabilities of the two expressions that lead "
        "over the whole time. One point is {slice}. A gap: this face was not found."
    ),
    ribbon="The most frequent label of each moment",
    lines="Probability of {names} over time",
    distribution="Distribution",
    expression="Expression",
    share="Share of time",
    mean="Mean probability",
    mean_and_difference="Mean probability (difference to neutral)",
    neutral_measured=(
        "Neutral face, the mean from {first} to {last}: {values}. Differences to it are in percentage points."
    ),
    neutral_set="Neutral face set at {at}: {values}.",
    longest="Longest",
    changes="Changes of the expression",
    changes_caption="How often the expression of a row was followed by that of a column.",
    changes_none="None.",
    before="From",
    images="At moments of change",
    at_time="{label} at {time}",
    eyes="Eyes",
    blinks="Blinks",
    blink_rate="Blinks per minute",
    too_short="seen too shortly to tell",
    usual_opening="Usual eye opening",
    closed="Eyes closed",
    closed_times="{total} in all, {count}×",
    closed_none="never for half a second",
    closed_below="Closed: below {limit}",
    closed_unknown="the eyes are too narrow in the image to tell",
    closed_list="When the eyes were closed",
    closed_more="Further times that are not listed: {count}.",
    eyes_unknown="The eyes could not be read.",
    pose="Head pose",
    pose_caption=(
        "Where the head was turned, seen as in the video: darker means longer. One square is 5 degrees; the dashed "
        "square is towards the camera."
    ),
    pose_unknown="The pose of the head is not known.",
    direction="Direction",
    directions={"ahead": "to the camera", "left": "left", "right": "right", "up": "up", "down": "down"},
    unsure="Why the label was unsure",
    unsure_none="It never was.",
    reason="Reason",
    reasons={
        "close": "two expressions about equally likely",
        "small": "face too small",
        "blurred": "face blurred",
        "turned": "face turned away",
        "hidden": "eyes or mouth covered",
        "dark": "face too dark",
        "misplaced": "points not on the face",
        "other": "another reason",
    },
    hints="What made faces hard to read",
    hint_names={
        "dark": "too dark",
        "backlit": "light from behind",
        "far": "far from the camera",
        "blurred": "little detail",
        "cut": "partly outside of the frame",
    },
    no_face_time="No face",
    several_time="Several faces",
    lost="Lost and found again",
    lost_times="{count}×, {total} in all",
    unanalysed="Not analysed",
    unanalysed_reasons={
        "off": "the analysis was off",
        "unavailable": "no analysis process was available",
        "fault": "a fault in the analysis",
        "other": "another reason",
    },
    gaps="Times without frames",
    gaps_times="{count}×, {total} in all",
    without_time="Frames left out, because their time is before that of the last one",
    size="Size of the frames",
    share_of_time="Share of the time",
    share_of_faces="Share of the time of all faces",
    all_faces="All faces",
    first="First",
    last="Last",
    seen="Seen for",
    leading="Most frequent",
    events="Events",
    events_none="None.",
    events_left_out="Events that are not listed, because there were too many: {count}.",
    extra="Values of your own analysis",
    extra_caption="The line is the mean over time, drawn between its own least and greatest value.",
    extra_name="Name",
    mean_value="Mean",
    least="Least",
    most="Greatest",
    extra_left_out="Values that are not shown, because there were too many: {count}.",
    definitions="Definitions",
    definition_texts=(
        (
            "Shares and times",
            "Each frame counts until the next one. After a time of more than two seconds without a frame nothing is "
            "known, so it does not count, unless the frames are that far apart regularly. Percentages of one table sum "
            "to 100: the largest remainders are rounded up.",
        ),
        (
            "Unsure",
            "No expression is named, because the two most probable ones are about equally likely, or because the face "
            "is too small, too dark, blurred, covered or turned away.",
        ),
        (
            "Change of the expression",
            "Counted once another expression has held for half a second. Times in which the label was unsure are skipped. "
            "If the face was away for more than two seconds, nothing is counted.",
        ),
        (
            "Blink",
            "The eye opening falls below 70 % of its recent value and is back above 82 % within 0.03 to 0.8 seconds. "
            "Below 15 frames per second some blinks are missed, and looking down for a moment counts as one.",
        ),
        (
            "Eyes closed",
            "The eye opening is below 0.2 for at least half a second; for eyes that are narrower than most, below 65 % "
            "of the median of this face. The eye opening is the eye aspect ratio: the height of an eye over its width. "
            "Looking down counts, too. Frames with a small, dark, blurred, covered or turned face do not count.",
        ),
        (
            "Head pose",
            "Left and right are those of the image. To the camera: at most 15 degrees in each direction; otherwise the "
            "larger angle decides. The angles are estimates, and up and down are off by up to 10 degrees for a person, "
            "equally in all frames.",
        ),
        (
            "Lost and found again",
            "The face was missing for more than 0.2 seconds of analysed frames, and came back with the same number. A "
            "person may have several numbers, one after the other; nobody is recognised.",
        ),
        (
            "Data quality",
            "Good: at least 95 % of the time was analysed, a face was seen in at least 90 % of that, and the label of a "
            "face was unsure for at most 15 % of the time. Poor: less than 75 %, less than half, or more than 40 %. Fair: "
            "between.",
        ),
    ),
    about="About this report",
    source="Source",
    made_at="Made",
    versions="Versions",
    models="Models",
    settings="Settings",
    cut_off="The results end early: the server was stopped before the session, or it could not write.",
    not_written="The results end early, because the server could not write them ({problem}); the session went on.",
    frames_missing="Frames that are missing, because the disk or the machine was too slow: {count}.",
    values_missing="Values of your own analysis that are in no table, because it has too many names: {names}.",
)
