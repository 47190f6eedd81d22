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
const pc = new RTCPeerConnection({ iceServers: [], iceUseIpv6: false, bundlePolicy, codecs: { video: [video] } });
pc.connectionStateChange.subscribe((state) => seen.counts.states.push(state));
const track = new MediaStreamTrack({ kind: 'video' });
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

await pc.setLocalDescription(await pc.createOffer());
const answer = await seen.postOffer(pc.localDescription.sdp);
const recording = new Recording(packets);
if (answer) {
  await pc.setRemoteDescription({ type: 'answer', sdp: answer });
  recording.start(SSRC, PAYLOAD_TYPE, (packet) => track.writeRtp(RtpPacket.deSerialize(packet)));
}
await seen.enough();
recording.stop();
await seen.tell();
await pc.close();
process.exit();
