/** node-datachannel, bindings to libdatachannel in C++: node datachannel_peer.mjs PACKETS CODEC */

import { cleanup, PeerConnection, Video } from 'node-datachannel';

import { Recording } from './recording.mjs';
import { PING, Seen } from './seen.mjs';

const [packets, codec] = process.argv.slice(2);
const SSRC = 4711;
const PAYLOAD_TYPE = 96;
const MARKER = 0x80;

const seen = new Seen('node-datachannel');
const pc = new PeerConnection('facestream test', { iceServers: [] });
pc.onStateChange((state) => seen.counts.states.push(state));
const gathered = new Promise((resolve) => pc.onGatheringStateChange((state) => state === 'complete' && resolve()));
const video = new Video('video', 'SendRecv');
if (codec === 'VP8') video.addVP8Codec(PAYLOAD_TYPE);
else video.addH264Codec(PAYLOAD_TYPE);
video.addSSRC(SSRC, 'face');
const track = pc.addTrack(video);
const recording = new Recording(packets);
track.onOpen(() => recording.start(SSRC, PAYLOAD_TYPE, (packet) => track.sendMessageBinary(packet)));
track.onMessage((packet) => {
  // RTCP packets arrive here too: their second byte is 200 to 206.
  const isRtp = (packet[1] & ~MARKER) === PAYLOAD_TYPE;
  if (isRtp && packet[1] & MARKER) seen.counts.frames += 1;
});
const telemetry = pc.createDataChannel('telemetry', { unordered: true, maxRetransmits: 0 });
const control = pc.createDataChannel('control');
telemetry.onMessage((text) => seen.onMessage('telemetry', text));
control.onMessage((text) => seen.onMessage('control', text));
control.onOpen(() => control.sendMessage(PING));

pc.setLocalDescription();
await gathered;
const answer = await seen.postOffer(pc.localDescription().sdp);
if (answer) pc.setRemoteDescription(answer, 'answer');
await seen.enough();
recording.stop();
await seen.report();
pc.close();
cleanup();
process.exit();
