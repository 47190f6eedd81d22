"""The report in German."""

from facestream.results.report.texts import Texts

GERMAN = Texts(
    title="Gesichtsausdrücke",
    estimates="Schätzungen, oft falsch.",
    meaning_link="Was sie bedeuten",
    limits="Grenzen",
    limits_text=(
        "Jede Angabe ist die Vermutung eines kleinen neuronalen Netzes über den Ausdruck, und sie ist oft falsch. Sie ist "
        "ein Wort, mit dem Menschen ein Bild des Gesichts beschreiben würden; sie zeigt nicht, was ein Mensch fühlt. Sie "
        "gilt nicht für ein einzelnes Bild: Die Wahrscheinlichkeiten sind über kurze Zeit gemittelt, meist etwa 0,3 "
        "Sekunden, und eine Angabe bleibt, bis eine andere einen Moment lang wahrscheinlicher war, länger, während jemand "
        "spricht. Treffen Sie danach keine Entscheidung über einen Menschen."
    ),
    letters={
        "angry": "W",
        "disgust": "A",
        "fear": "Ä",
        "happy": "F",
        "sad": "T",
        "surprise": "Ü",
        "neutral": "N",
        "unsure": "?",
    },
    summary="Zusammenfassung",
    length="Dauer",
    analysed="Ausgewertet",
    faces="Gesichter",
    faces_at_once="{faces}, {most} zugleich",
    frames="Bilder",
    rate="Bildrate",
    per_second="{rate} pro Sekunde",
    quality="Datenqualität",
    grades={"good": "gut", "fair": "mittel", "poor": "schlecht"},
    seen_for="{seen} von {length} zu sehen",
    unsure_mostly="Unklar {share}, meistens: {reason}",
    no_faces="Es wurde kein Gesicht gefunden.",
    no_frames="Es wurde kein Bild ausgewertet.",
    more_faces="Weitere Gesichter: {count}. Sie waren höchstens {longest} zu sehen; ihre Zahlen stehen unten bei „Alle Gesichter“.",
    dropped_faces="Gesichter, die in diesem Bericht fehlen, weil es zu viele waren: {count}. Jedes war höchstens {longest} zu sehen.",
    face="Gesicht {id}",
    named_face="Gesicht {id}: {name}",
    seen_between="Zwischen {first} und {last} zu sehen. Bilder: {frames}",
    legend="Legende",
    absent="Gesicht nicht gefunden",
    unmeasured="nicht gemessen",
    timeline="Verlauf",
    timeline_caption=(
        "Oben: der häufigste Ausdruck jedes Moments. Unten: die mittleren Wahrscheinlichkeiten der beiden Ausdrücke, die "
        "über die ganze Zeit führen. Ein Punkt sind {slice}. Eine Lücke: Dieses Gesicht wurde nicht gefunden."
    ),
    ribbon="Der häufigste Ausdruck jedes Moments",
    lines="Wahrscheinlichkeit von {names} im Lauf der Zeit",
    distribution="Verteilung",
    expression="Ausdruck",
    share="Anteil der Zeit",
    mean="Mittlere Wahrscheinlichkeit",
    mean_and_difference="Mittlere Wahrscheinlichkeit (Unterschied zu neutral)",
    neutral_measured=(
        "Neutrales Gesicht, Mittelwert von {first} bis {last}: {values}. Unterschiede dazu sind in Prozentpunkten."
    ),
    neutral_set="Neutrales Gesicht festgelegt bei {at}: {values}.",
    longest="Am längsten",
    changes="Wechsel des Ausdrucks",
    changes_caption="Wie oft auf den Ausdruck einer Zeile der einer Spalte folgte.",
    changes_none="Keine.",
    before="Von",
    images="In Momenten des Wechsels",
    at_time="{label} bei {time}",
    eyes="Augen",
    blinks="Lidschläge",
    blink_rate="Lidschläge pro Minute",
    too_short="zu kurz zu sehen",
    usual_opening="Übliche Augenöffnung",
    closed="Augen geschlossen",
    closed_times="{total} insgesamt, {count}×",
    closed_none="nie eine halbe Sekunde lang",
    closed_below="Geschlossen: unter {limit}",
    closed_unknown="die Augen sind im Bild zu schmal, um es zu erkennen",
    closed_list="Wann die Augen geschlossen waren",
    closed_more="Weitere Male, die nicht aufgeführt sind: {count}.",
    eyes_unknown="Die Augen waren nicht zu erkennen.",
    pose="Kopfhaltung",
    pose_caption=(
        "Wohin der Kopf gewandt war, so wie im Video zu sehen: je dunkler, desto länger. Ein Quadrat sind 5 Grad; das "
        "gestrichelte ist zur Kamera."
    ),
    pose_unknown="Die Haltung des Kopfes ist nicht bekannt.",
    direction="Richtung",
    directions={
        "ahead": "zur Kamera",
        "left": "links",
        "right": "rechts",
        "up": "oben",
        "down": "unten",
    },
    unsure="Warum der Ausdruck unklar war",
    unsure_none="Er war es nie.",
    reason="Grund",
    reasons={
        "close": "zwei Ausdrücke etwa gleich wahrscheinlich",
        "small": "Gesicht zu klein",
        "blurred": "Gesicht unscharf",
        "turned": "Gesicht abgewandt",
        "hidden": "Augen oder Mund verdeckt",
        "dark": "Gesicht zu dunkel",
        "misplaced": "Punkte nicht auf dem Gesicht",
        "other": "ein anderer Grund",
    },
    hints="Was Gesichter schwer lesbar machte",
    hint_names={
        "dark": "zu dunkel",
        "backlit": "Licht von hinten",
        "far": "weit von der Kamera",
        "blurred": "wenige Einzelheiten",
        "cut": "zum Teil außerhalb des Bildes",
    },
    no_face_time="Kein Gesicht",
    several_time="Mehrere Gesichter",
    lost="Verloren und wiedergefunden",
    lost_times="{count}×, {total} insgesamt",
    unanalysed="Nicht ausgewertet",
    unanalysed_reasons={
        "off": "die Auswertung war aus",
        "unavailable": "kein Auswertungsprozess war verfügbar",
        "fault": "ein Fehler in der Auswertung",
        "other": "ein anderer Grund",
    },
    gaps="Zeiten ohne Bilder",
    gaps_times="{count}×, {total} insgesamt",
    without_time="Ausgelassene Bilder, weil ihre Zeit vor der des letzten liegt",
    size="Größe der Bilder",
    share_of_time="Anteil der Zeit",
    share_of_faces="Anteil der Zeit aller Gesichter",
    all_faces="Alle Gesichter",
    first="Zuerst",
    last="Zuletzt",
    seen="Zu sehen",
    leading="Am häufigsten",
    events="Ereignisse",
    events_none="Keine.",
    events_left_out="Ereignisse, die nicht aufgeführt sind, weil es zu viele waren: {count}.",
    extra="Werte Ihrer eigenen Auswertung",
    extra_caption="Die Linie ist der Mittelwert im Lauf der Zeit, zwischen ihrem eigenen kleinsten und größten Wert.",
    extra_name="Name",
    mean_value="Mittelwert",
    least="Kleinster",
    most="Größter",
    extra_left_out="Werte, die nicht gezeigt werden, weil es zu viele waren: {count}.",
    definitions="Begriffe",
    definition_texts=(
        (
            "Anteile und Zeiten",
            "Jedes Bild zählt bis zum nächsten. Über mehr als zwei Sekunden ohne ein Bild ist nichts bekannt, deshalb "
            "zählen sie nicht, es sei denn, die Bilder liegen regelmäßig so weit auseinander. Die Prozente einer "
            "Tabelle ergeben zusammen 100: Die größten Reste werden aufgerundet.",
        ),
        (
            "Unklar",
            "Es wird kein Ausdruck genannt, weil die beiden wahrscheinlichsten etwa gleich wahrscheinlich sind, oder "
            "weil das Gesicht zu klein, zu dunkel, unscharf, verdeckt oder abgewandt ist.",
        ),
        (
            "Wechsel des Ausdrucks",
            "Gezählt, sobald ein anderer Ausdruck eine halbe Sekunde lang bestand. Zeiten, in denen er unklar war, werden "
            "übergangen. War das Gesicht länger als zwei Sekunden nicht zu sehen, wird nichts gezählt.",
        ),
        (
            "Lidschlag",
            "Die Augenöffnung fällt unter 70 % ihres letzten üblichen Werts und ist innerhalb von 0,03 bis 0,8 "
            "Sekunden wieder über 82 %. Unter 15 Bildern pro Sekunde fehlen einige, und ein kurzer Blick nach unten "
            "zählt als einer.",
        ),
        (
            "Augen geschlossen",
            "Die Augenöffnung ist mindestens eine halbe Sekunde lang unter 0,2; bei Augen, die schmaler sind als die "
            "meisten, unter 65 % des Medians dieses Gesichts. Die Augenöffnung ist die Höhe eines Auges geteilt durch "
            "seine Breite. Auch ein Blick nach unten zählt. Bilder mit kleinem, dunklem, unscharfem, "
            "verdecktem oder abgewandtem Gesicht zählen nicht.",
        ),
        (
            "Kopfhaltung",
            "Links und rechts sind die des Bildes. Zur Kamera: höchstens 15 Grad in jeder Richtung; sonst entscheidet "
            "der größere Winkel. Die Winkel sind Schätzungen; nach oben und unten irren sie sich bei einem Menschen um "
            "bis zu 10 Grad, in allen Bildern gleich.",
        ),
        (
            "Verloren und wiedergefunden",
            "Das Gesicht fehlte in ausgewerteten Bildern länger als 0,2 Sekunden und kam mit derselben Nummer zurück. "
            "Ein Mensch kann nacheinander mehrere Nummern haben; niemand wird wiedererkannt.",
        ),
        (
            "Datenqualität",
            "Gut: Mindestens 95 % der Zeit wurden ausgewertet, in mindestens 90 % davon war ein Gesicht zu sehen, und "
            "der Ausdruck eines Gesichts war höchstens 15 % der Zeit unklar. Schlecht: weniger als 75 %, weniger als die "
            "Hälfte, oder mehr als 40 %. Mittel: dazwischen.",
        ),
    ),
    about="Über diesen Bericht",
    source="Quelle",
    made_at="Erstellt",
    versions="Versionen",
    models="Modelle",
    settings="Einstellungen",
    cut_off="Die Ergebnisse enden vorzeitig: Der Server endete vor der Sitzung oder konnte nicht schreiben.",
    not_written="Die Ergebnisse enden vorzeitig, weil der Server sie nicht schreiben konnte ({problem}); die Sitzung lief weiter.",
    frames_missing="Bilder, die fehlen, weil die Festplatte oder der Rechner zu langsam war: {count}.",
    values_missing="Werte der eigenen Auswertung, die in keiner Tabelle sind, weil sie zu viele Namen hat: {names}.",
)
