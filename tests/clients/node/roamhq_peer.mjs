/** @roamhq/wrtc, bindings to libwebrtc: node roamhq_peer.mjs I420-FILE WIDTH HEIGHT BUNDLE-POLICY [audio] */

import { readFileSync } from 'node:fs';

import wrtc from '@roamhq/wrtc';

import { PING, Seen } from './seen.mjs';

const [path, widthText, heightText, bundlePolicy, audio] = process.argv.slice(2);
const { RTCAudioSource, RTCVideoSink, RTCVideoSource } = wrtc.nonstandard;
const width = Number(widthText);
const height = Number(heightText);
const TICK_MS = 1000 / 15;

/** @param {Uint8Array} luma @returns {number} standard deviation of every 97th pixel */
function spreadOf(luma) {
  const some = luma.filter((_, index) => index % 97 === 0);
  const mean = some.reduce((sum, value) => sum + value, 0) / some.length;
  return Math.sqrt(some.reduce((sum, value) => sum + (value - mean) ** 2, 0) / some.length);
}

const seen = new Seen('@roamhq/wrtc');
const pc = new wrtc.RTCPeerConnection({ bundlePolicy });
pc.onconnectionstatechange = () => seen.counts.states.push(pc.connectionState);
const source = new RTCVideoSource();
// Audio comes before the video, as in pages for calls.
if (audio) pc.addTrack(new RTCAudioSource().createTrack());
pc.addTrack(source.createTrack());
pc.ontrack = ({ track }) => {
  if (track.kind !== 'video') return;
  new RTCVideoSink(track).onframe = ({ frame }) => {
    seen.counts.frames += 1;
    seen.counts.spread = spreadOf(frame.data.subarray(0, frame.width * frame.height));
  };
};
const telemetry = pc.createDataChannel('telemetry', { ordered: false, maxRetransmits: 0 });
const control = pc.createDataChannel('control');
telemetry.onmessage = ({ data }) => seen.onMessage('telemetry', data);
control.onmessage = ({ data }) => seen.onMessage('control', data);
control.onopen = () => control.send(PING);

await pc.setLocalDescription(await pc.createOffer());
if (pc.iceGatheringState !== 'complete') {
  await new Promise((resolve) => {
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve();
  });
}
const answer = await seen.postOffer(pc.localDescription.sdp);
if (answer) await pc.setRemoteDescription({ type: 'answer', sdp: answer });
const raw = new Uint8ClampedArray(readFileSync(path));
const size = (width * height * 3) / 2;
let next = 0;
const timer = setInterval(() => {
  const at = (next++ * size) % raw.length;
  source.onFrame({ width, height, data: raw.slice(at, at + size) });
}, TICK_MS);
await seen.enough();
clearInterval(timer);
await seen.report();
pc.close();
process.exit();
