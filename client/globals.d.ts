/** C3 is a classic script of the page (vendor/c3.min.js) and ships no types. */
interface C3Chart {
  load(change: { columns: (string | number | null)[][] }): void;
  resize(size: { width: number; height: number }): void;
}

interface Window {
  c3: { generate(description: object): C3Chart };
  d3: { mouse(container: Element): [number, number] };
}

/** Draft of the WebRTC specification; browsers that lack it use their default. */
interface RTCRtpReceiver {
  jitterBufferTarget: number | null;
}
