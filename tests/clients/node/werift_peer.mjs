/** werift, WebRTC in TypeScript: node werift_peer.mjs PACKETS CODEC BUNDLE-POLICY */

import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpPacket } from 'werift';

import { Recording } from './recording.mjs';
import { PING, Seen } from './seen.mjs';

const [packets, codec, bundlePolicy] = process.argv.slice(2);
const SSRC = 4711;
const PAYLOAD_TYPE = 96;
const CODECS = {
  VP8: { mimeType: 'video/VP8' },
  H264: { mimeType: 'video/H264', parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' },
};

const seen = new Seen('werift');
const video = new RTCRtpCodecParameters({
  clockRate: 90000,
  payloadType: PAYLOAD_TYPE,
  rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
  ...CODECS[codec],
});
// Where none is named it asks for the name of Google's, and no process ends while Node waits for a name.
const nobody = { urls: `stun:${new URL(process.env.SERVER).hostname}:9` };
const pc = new RTCPeerConnection({ iceServers: [nobody], iceUseIpv6: false, bundlePolicy, codecs: { video: [video] } });
const track = new MediaStreamTrack({ kind: 'video' });
const recording = new Recording(packets);
pc.connectionStateChange.subscribe((state) => {
  seen.counts.states.push(state);
  if (state === 'connected') recording.start(SSRC, PAYLOAD_TYPE, (packet) => track.writeRtp(RtpPacket.deSerialize(packet)));
});
pc.addTransceiver(track, { direction: 'sendrecv' }).onTrack.subscribe((returned) =>
  returned.onReceiveRtp.subscribe(({ header }) => {
    if (header.marker) seen.counts.frames += 1;
  }),
);
const telemetry = pc.createDataChannel('telemetry', { ordered: false, maxRetransmits: 0 });
const control = pc.createDataChannel('control');
telemetry.onMessage.subscribe((text) => seen.onMessage('telemetry', text.toString()));
control.onMessage.subscribe((text) => seen.onMessage('control', text.toString()));
control.stateChanged.subscribe((state) => state === 'open' && control.send(PING));

// It waits five seconds for the STUN server: offer the address of this host at once.
const addressed = new Promise((resolve) => pc.onIceCandidate.subscribe(resolve));
const gathered = pc.setLocalDescription(await pc.createOffer());
await Promise.race([addressed, gathered]);
const answer = await seen.postOffer(pc.localDescription.sdp);
if (answer) await pc.setRemoteDescription({ type: 'answer', sdp: answer });
await seen.enough();
recording.stop();
await seen.report();
await pc.close();
process.exit();
