/** The panel of the video settings without a browser: its elements are fakes. */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { SetupPanel } from '../../client/js/panels/setup-panel.js';

class Plain {
  textContent = '';
}
class Input extends Plain {
  constructor(value) {
    super();
    this.value = value;
  }
}
class Select extends Plain {
  replaceChildren(...options) {
    this.options = options;
  }
}

beforeEach(() => {
  Object.assign(globalThis, {
    HTMLElement: Plain,
    HTMLInputElement: Input,
    HTMLSelectElement: Select,
    Option: class {
      constructor(text, value) {
        Object.assign(this, { text, value });
      }
    },
  });
});

/** A panel with fake elements, and the choices that it has reported. */
function panel() {
  const parts = {
    '.summary': new Plain(),
    select: new Select(),
    '[name=size]:checked': new Input('640x480'),
    '[name=fps]:checked': new Input('30'),
  };
  const element = { querySelector: (selector) => parts[selector], querySelectorAll: () => [], addEventListener: (_type, hear) => (parts.change = hear) };
  const changes = [];
  const setup = new SetupPanel(element, () => changes.push(setup.source));
  return { setup, parts, changes };
}

test('the first choice is the front camera, without a change', () => {
  const { setup, parts, changes } = panel();

  assert.deepEqual(setup.source, { camera: 'front', width: 640, height: 480, fps: 30, clip: null });
  assert.equal(parts['.summary'].textContent, '640 × 480, 30 per second');
  assert.deepEqual(changes, []);
});

test('choosing a clip and then the camera again are two changes', () => {
  const { setup, parts, changes } = panel();
  const clip = { name: 'a.mp4' };

  setup.useClip(clip);
  assert.equal(parts['.summary'].textContent, 'File: a.mp4');
  setup.useClip(null);

  assert.deepEqual(changes.map((source) => source.clip), [clip, null]);
  assert.equal(parts['.summary'].textContent, '640 × 480, 30 per second');
});

test('another camera or size is a change', () => {
  const { parts, changes } = panel();
  parts.select.value = 'rear';
  parts.change({ target: parts.select });
  parts['[name=size]:checked'].value = '320x240';
  parts.change({ target: parts['[name=size]:checked'] });

  assert.deepEqual(changes.map(({ camera, width }) => [camera, width]), [['rear', 640], ['rear', 320]]);
});
