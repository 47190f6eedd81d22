/** English: texts of the files that a person saves. */

import { decimal } from './format.js';

/** Texts of the HTML report. */
export const REPORT = {
  title: 'Facial expressions',
  cautionShort: 'Estimates, often wrong. See “Limitations” below.',
  summary: 'Summary',
  length: 'Length',
  measured: 'Measured',
  /** @param {string} measured @param {string} length */
  measuredOf: (measured, length) => `${measured} of ${length}`,
  unmeasured: 'not measured',
  striped: 'Striped: nothing was measured, for example because there was no connection.',
  frames: 'Frames',
  rate: 'Frame rate',
  dropped: 'Dropped',
  analysed: 'Analysed',
  /** @param {string} analysed @param {string} all @param {string} reduced share of the analysed ones; empty: none */
  analysedOf: (analysed, all, reduced) => `${analysed} of ${all} frames${reduced && `, ${reduced} of them with reduced analysis`}`,
  source: 'Source',
  fromCamera: 'camera',
  fromFile: 'video file',
  fromLoop: 'video file, played in a loop',
  fileSize: 'Size of the file in pixels',
  sentSize: 'Size of the frames that were sent',
  /** @param {string} size */
  upTo: (size) => `${size} at most`,
  /** @param {string} setting its name */
  asRequested: (setting) => `${setting} (requested)`,
  faces: 'Faces',
  markers: 'Markers',
  markerTimes: 'A stimulus has the time of the press. A marker has that of the frame on show, or of the press if the video stood still; of a file that is analysed once, both have the time in the file.',
  noFaces: 'No face was found.',
  legend: 'Legend',
  events: 'Events',
  noEvents: 'None.',
  settings: 'Settings',
  models: 'Models',
  version: 'Version of the server',
  chart: 'Probabilities of the seven expressions over time. The two with the highest means are bold. A gap: this face was not found.',
  ribbon: 'The most frequent label of each moment',
  expression: 'Expression',
  /** After the share of a label, in the summary. */
  ofTime: 'of the time',
  /** @param {string} mean probability of that label over all frames with the face */
  onAverage: (mean) => `probability ${mean} on average`,
  share: 'Share of frames',
  mean: 'Mean probability',
  /** @param {string} seen @param {string} length */
  seenFor: (seen, length) => `seen for ${seen} of ${length}`,
  /** @param {string} first @param {string} last @param {string} frames */
  seen: (first, last, frames) => `Seen between ${first} and ${last}, in ${frames} frames`,
  /** @param {number} id */
  numbersOf: (id) => `All numbers of face ${id}`,
  /** @param {number} count @param {string} longest */
  othersSeen: (count, longest) => (count === 1 ? `One more face was seen, for ${longest}.` : `${decimal(count)} more faces were seen, each for ${longest} or less.`),
  /** @param {number} count */
  otherFaces: (count) => (count === 1 ? 'One more face' : `${decimal(count)} more faces`),
  /** @param {number} count */
  faceEvents: (count) => `Faces that appeared, changed or left (${decimal(count)})`,
  /** @param {string} time */
  thinned: (time) => `Before ${time}, only the means of each second were kept; from then on, every frame.`,
  /** @param {number} count */
  leftOut: (count) =>
    count === 1 ? 'One event of a face is not listed, because there were too many.' : `${decimal(count)} events of faces are not listed, because there were too many.`,
  agreement: 'Text of the agreement',
  /** @param {string} at */
  agreedAt: (at) => `Agreed on ${at}.`,
  /** @param {string} at */
  agreedEarlier: (at) => `Agreed on ${at}, before an earlier session of this visit; perhaps another person.`,
  agreedBefore: 'Agreed earlier in the same visit; the page did not keep the time.',
  caution: 'Limitations',
  cautionText:
    'Each label is a small neural network’s guess at the expression, and it is often wrong. It does not describe a single frame: the probabilities are averaged over a short time, usually about 0.3 seconds, and a label stays until another one has been more likely for a moment, for longer while somebody speaks. It does not show what a person feels. Do not base any decision about a person on it.',
};

/** What each column of the tables means, by its name. @type {Record<string, string>} */
export const COLUMN_MEANINGS = {
  time_s:
    'Time since the start of the session. Of a frame: its time by pts_s, moved to the clock of the page by the fastest message so far. In a row of means: when its second begins. Of a marker or a recording: the time of the frame that was on show, or pressed_s where none was (no connection, paused camera, or a video that stood still for a second). Of a stimulus: pressed_s. Of a file that is analysed once: the time in the file',
  clock: 'The same moment as time_s, by the clock of the computer that ran the page (ISO 8601). Empty in a file that is analysed once: its times are those in the file, which was not analysed at that pace',
  row: 'frame: the row is about a single frame. mean: of this time only the means of each second were kept, and the row is about all frames of one second in which the face was found, or in which there was no face',
  frames: 'Frames that the row is about; 1 in a row of a single frame. Add them up instead of counting rows, and weight the means of rows by them',
  connection: 'Number of the connection within the session, from 1; a lost connection is followed by another one. In a row of means, the last one of its second. Empty: not known, in a session kept by an earlier version',
  seq: 'Number of the frame; another connection may count from 0 again. In a row of means, the first of its second. Of a marker, a stimulus or a recording: the frame that was on show; empty: none was',
  pts_s: 'When the frame was captured, in seconds since the first frame of its connection. Comparable within one connection only',
  fps_in: 'Frames per second that the server receives',
  fps_out: 'Frames per second that the server analyses',
  dropped: 'Frames that the server has left out since the connection began. A connection that resumes a lost one goes on counting, as seq does, while its pts_s begins at 0 again',
  analysed: 'Whether the frame was analysed; if not, nothing is known about faces. In a row of means with a face, true',
  'economy': 'What the server leaves out to keep up: 0 nothing, 1 looks for new faces less often, 2 also classifies less often, 3 also follows the two largest faces only',
  face: 'Number of the face, unique in the session; one person may have several numbers, one after the other. Empty: no face was found',
  name: 'Name that a person typed for this face; empty: none. An apostrophe before a name that begins with =, +, - or @ was added, so that a spreadsheet does not calculate it',
  left: 'Left edge of the box around the face. All four numbers of the box are in pixels of the frame as the server received it. A browser may send smaller frames of a camera for a while; the size of each frame is not known. The report has the size of the frames of a file',
  top: 'Top edge of the box around the face',
  width: 'Width of the box around the face',
  height: 'Height of the box around the face',
  label: 'The estimated expression, or "unsure". In a row of means, the most frequent one; shares of labels must be computed from the columns frames_..., not from this one',
  unsure: 'Why the label is "unsure": close (two expressions are about equally likely), small, blurred, turned, hidden (eyes or mouth covered), dark, misplaced (the points do not lie on the face)',
  yaw_deg: 'How far the head is turned; positive: towards the right of the frame',
  pitch_deg: 'How far the head looks up (positive) or down',
  roll_deg: 'How far the head is tilted; positive: clockwise in the frame',
  eyes: 'How far the eyes are open: about 0.3 open, below 0.2 closed',
  mouth: 'How far the mouth is open: 0 closed, above 0.3 open',
  blinks: 'Blinks since the face was first seen',
  valence: 'Unpleasant (-1) to pleasant (1). Derived from the seven probabilities: the mean of the places that Russell and Mehrabian (1977) found for the seven words; not measured by itself',
  arousal: 'Calm (-1) to excited (1), derived as valence is',
  smile: 'By geometry, compared with the same face at rest: 0 at rest, 1 a broad smile, below 0 a narrow mouth or lowered corners. Empty: not known, such as in the first half second or of a turned head',
  brows: 'By geometry, compared with the same face at rest: 0 at rest, 1 raised, below 0 lowered. Empty: not known, as for smile',
  eyes_closed_s: 'How long the eyes have been closed; 0: open, or closed for no longer than a blink. Looking down counts as closed. In a row of means, at the end of the second',
  eye_closures: 'How often the eyes were closed for longer than a blink since the face was first seen',
  yawns: 'Yawns since the face was first seen',
  gaze: 'Where the face looks, head and eyes together, coarsely: camera, left, right (of the frame), up, down; compared with where it looks usually. Empty: not known, such as of closed eyes or a turned head. In a row of means, at the end of the second',
  trust: 'How probable it is that most people would choose the most probable expression, 0 to 1; empty: the server did not say',
  event: 'What happened. marker, stimulus-start, stimulus-end: noted by a person. began: Start was pressed; in a file that is analysed once, always at 0. recording-start, recording-end: a part of a recording, whose number is in detail. connection: the first frame of a connection, whose number is in detail. cut: the session ended without Stop',
  detail:
    "More about the event: a person's own text, a face's number and label, a reason. An apostrophe before a text that begins with =, +, - or @ was added, so that a spreadsheet does not calculate it; JSONL has the text without it",
  pressed_s: 'Of a marker, a stimulus or a recording: when the key or the button was pressed, in seconds since the start of the session, or when the recording began or ended. time_s of a marker or a recording is earlier, because it is the time of the frame that the person saw then. Empty: other events, and in a file that is analysed once',
  pressed_clock: 'The same moment as pressed_s, by the clock of the computer that ran the page (ISO 8601)',
};
/** @param {string} label */
export const countMeaning = (label) =>
  `Frames of the row in which the label is "${label}". Share of this label: the sum of this column divided by the sum of "frames", over the rows of one face`;
/** @param {string} label */
export const probabilityMeaning = (label) => `Estimated probability of the expression "${label}", 0 to 1`;
/** @param {string} stage */
export const stageMeaning = (stage) => `Time of the stage "${stage}" on the server`;
