/** `<facestream-view>` in a page of your own: it starts after the person has agreed, and its events update the page. See README.md. */
import '/js/element/facestream-view.js';

const view = document.querySelector('facestream-view');
const status = document.querySelector('[role=status]');
const start = document.getElementById('start');
const stop = document.getElementById('stop');

start.addEventListener('click', () => view.start());
stop.addEventListener('click', () => view.stop());

view.addEventListener('facestream-state', ({ detail }) => {
  stop.disabled = ['idle', 'stopped', 'failed', 'lost'].includes(detail.state);
  start.disabled = !stop.disabled;
  status.textContent = detail.state;
});
view.addEventListener('facestream-report', ({ detail }) => {
  status.textContent = detail.faces.map((face) => `${face.id}: ${face.label}`).join(', ') || 'nobody';
});
view.addEventListener('facestream-error', ({ detail }) => console.warn(detail.code, detail.title, detail.text));
