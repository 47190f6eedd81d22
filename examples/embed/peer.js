/** The annotated video and the strongest expression in a page of your own; see README.md beside this file. */
import { Peer } from '/js/connection/peer.js';

const EMOTIONS = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
const video = document.querySelector('video');
const status = document.querySelector('[role=status]');
const button = document.querySelector('button');

button.addEventListener('click', async () => {
  button.disabled = true;
  const peer = new Peer({
    onVideo: (stream) => (video.srcObject = stream),
    onTelemetry: ({ faces }) => (status.textContent = faces.length ? strongest(faces[0]) : 'nobody'),
    onControl: () => {},
    onFlow: (flow) => (status.textContent = flow),
    onLost: (error) => (status.textContent = `lost: ${error.key} ${error.message}`),
  });
  addEventListener('pagehide', () => peer.close());
  try {
    await peer.open(await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } }));
  } catch (error) {
    status.textContent = `not connected: ${error.key ?? error.name} ${error.message}`;
    button.disabled = false;
  }
});

function strongest({ probabilities }) {
  return EMOTIONS[probabilities.indexOf(Math.max(...probabilities))];
}
