/** English: texts of the files that a person saves. */

/** What each column of the tables means, by its name. @type {Record<string, string>} */
export const COLUMN_MEANINGS = {
  time_s: 'Time since the start of the session. In a row of means, when its second begins',
  clock: 'The same moment by the clock of the computer that ran the page (ISO 8601)',
  frames: 'How many frames the row stands for. 1: a single frame. Otherwise the row holds the means of one second, and this is the number of frames in which the face was found',
  seq: 'Number of the frame in its connection. In a row of means, the first of its second',
  pts_s: 'Timestamp of the frame in its connection',
  fps_in: 'Frames per second that the server receives',
  fps_out: 'Frames per second that the server analyses',
  dropped: 'Frames that the server has left out since the connection began',
  analysed: 'Whether the frame was analysed. In a row of means, whether any frame of its second was',
  'economy': 'What the server leaves out to keep up: 0 nothing, 1 looks for new faces less often, 2 also classifies less often, 3 also follows the two largest faces only',
  face: 'Number of the face in its connection; empty: no face was found',
  left: 'Left edge of the box around the face',
  top: 'Top edge of the box around the face',
  width: 'Width of the box around the face',
  height: 'Height of the box around the face',
  label: 'The estimated expression, or "unsure". In a row of means, the most frequent one',
  unsure: 'Why the label is "unsure": close (two expressions are about equally likely), small, blurred, turned',
  yaw_deg: 'How far the head is turned; positive: towards the right of the frame',
  pitch_deg: 'How far the head looks up (positive) or down',
  roll_deg: 'How far the head is tilted; positive: clockwise in the frame',
  eyes: 'How far the eyes are open: about 0.3 open, below 0.2 closed',
  mouth: 'How far the mouth is open: 0 closed, above 0.3 open',
  blinks: 'Blinks since the face was first seen',
  event: 'What happened. marker, stimulus-start, stimulus-end: noted by a person',
  detail: "More about the event: a person's own text, a face's number and label, a reason",
};
/** @param {string} label */
export const probabilityMeaning = (label) => `Estimated probability of the expression "${label}", 0 to 1`;
/** @param {string} stage */
export const stageMeaning = (stage) => `Time of the stage "${stage}" on the server`;
