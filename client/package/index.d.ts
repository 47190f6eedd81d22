/** Types of `<facestream-view>`. Importing this module defines the element. */

/** What the element does now; the states of facestream's docs/page.md. */
export type ViewState =
  | 'idle'
  | 'starting'
  | 'queued'
  | 'connecting'
  | 'waiting'
  | 'connected'
  | 'stalled'
  | 'interrupted'
  | 'paused'
  | 'reconnecting'
  | 'stopped'
  | 'failed'
  | 'finished'
  | 'lost';

export interface ViewError {
  /** Stable: `code` of the server's problem or notice, or the element's own, such as `denied` and `noCamera`. */
  readonly code: string;
  /** What happened, for a person to read. */
  readonly title: string;
  /** What a person can do. */
  readonly text: string;
  /** True: the element tries again by itself. */
  readonly temporary: boolean;
}

export interface Face {
  readonly id: number;
  /** Left, top, width, height in pixels of the frame. */
  readonly box: readonly number[];
  /** `angry`, `disgust`, `fear`, `happy`, `sad`, `surprise`, `neutral`, or `unsure`. */
  readonly label: string;
  /** Why the label is `unsure`; otherwise empty. */
  readonly unsure: string;
  /** 0..1: how probable it is that most people would choose the most probable word. Absent: not measured. */
  readonly trust?: number;
  /** What makes the face hard to read: `dark`, `backlit`, `far`, `blurred`, `cut`; more may be added. Absent: nothing. */
  readonly hints?: readonly string[];
  /** Seven, each 0..1: angry, disgust, fear, happy, sad, surprise, neutral. */
  readonly probabilities: readonly number[];
  /** Yaw, pitch and roll of the head in degrees. */
  readonly pose_deg?: readonly number[] | null;
  /** About 0.3 open, below 0.2 closed. */
  readonly eyes?: number;
  /** 0 closed, above 0.3 open. */
  readonly mouth?: number;
  readonly blinks?: number;
  /** Unpleasant -1 to pleasant 1, derived from `probabilities`; absent with older servers. */
  readonly valence?: number;
  /** Calm -1 to excited 1, derived from `probabilities`; absent with older servers. */
  readonly arousal?: number;
  /** By geometry, -1..1: 0 as this face at rest, 1 a broad smile; absent if not known. */
  readonly smile?: number;
  /** By geometry, -1..1: 0 as this face at rest, 1 raised; absent if not known. */
  readonly brows?: number;
  /** Seconds since the eyes closed; absent: open, or closed for no longer than a blink. */
  readonly eyes_closed_s?: number;
  /** How often the eyes were closed for longer than a blink; absent: never. */
  readonly eye_closures?: number;
  /** Absent: none. */
  readonly yawns?: number;
  /** `camera`, `left`, `right` (of the frame), `up` or `down`; absent if not known. */
  readonly gaze?: string;
}

/** One frame's report. */
export interface Report {
  readonly seq: number;
  /** Seconds. */
  readonly pts: number;
  readonly fpsIn: number;
  readonly fpsOut: number;
  /** Frames of this connection that the server dropped. */
  readonly dropped: number;
  readonly analysed: boolean;
  /** Why the frame was not analysed; otherwise empty. */
  readonly unanalysed: string;
  /** 0..3 */
  readonly degradationLevel: number;
  /** Faces that the server has seen and does not follow, because it is busy or limits their number. */
  readonly notFollowed?: number;
  /** Milliseconds by stage: `wait`, `detect`, `landmarks`, `emotion`, `draw`. */
  readonly ms: Readonly<Record<string, number>>;
  readonly faces: readonly Face[];
}

/** A moment that a program has marked over HTTP. */
export interface Marker {
  readonly name: string;
  /** May be empty. */
  readonly note: string;
  /** Seconds, on the clock of the reports: that of the newest frame that had arrived at the server. */
  readonly pts: number;
}

export interface FacestreamViewEventMap extends HTMLElementEventMap {
  'facestream-state': CustomEvent<{ readonly state: ViewState; readonly previous: ViewState }>;
  'facestream-report': CustomEvent<Report>;
  'facestream-marker': CustomEvent<Marker>;
  'facestream-error': CustomEvent<ViewError>;
}

/**
 * Attributes: `server`, `overlay`, `background`, `mirror`, `camera`, `size`, `fps`.
 * Parts: `video`, `word`, `label`, `estimate`, `message`, `title`, `text`, `countdown`. Its slot is below the message.
 */
export class FacestreamView extends HTMLElement {
  readonly state: ViewState;
  /** Why it is in this state; null: no error. */
  readonly error: ViewError | null;
  /** Of the newest report. */
  readonly faces: readonly Face[];
  /** Id of the server's session; empty: none. */
  readonly sessionId: string;
  /** Access token for the next connection. */
  token: string;
  /** Open the camera and connect, after people have agreed. Resolves when annotated frames are shown; rejects with an Error that has a `code`. */
  start(): Promise<void>;
  /** End the session and turn the camera off. */
  stop(): void;
  /** Try to connect now instead of at the end of the countdown. */
  tryNow(): void;

  addEventListener<Name extends keyof FacestreamViewEventMap>(
    type: Name,
    listener: (this: FacestreamView, event: FacestreamViewEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<Name extends keyof FacestreamViewEventMap>(
    type: Name,
    listener: (this: FacestreamView, event: FacestreamViewEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    'facestream-view': FacestreamView;
  }
}
