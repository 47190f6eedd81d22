import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ConsentDialog, agreementOf } from '../../client/js/panels/consent-dialog.js';

/** Answers "yes" as soon as it is shown. */
class Dialog extends EventTarget {
  returnValue = '';
  shown = 0;
  querySelector = () => ({ textContent: '' });
  showModal() {
    this.shown += 1;
    queueMicrotask(() => {
      this.returnValue = 'yes';
      this.dispatchEvent(new Event('close'));
    });
  }
}

const box = () => Object.assign(new EventTarget(), { checked: false });

test('an agreement keeps its time over a reload, and says that an earlier session began with it until somebody else is asked', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 5000 });
  await new ConsentDialog(new Dialog(), box()).ask('Agreed.');
  const reloaded = new Dialog();
  const consent = new ConsentDialog(reloaded, box());

  // A start that failed is no session.
  await consent.ask('Agreed.');
  assert.deepEqual([consent.agreement, reloaded.shown], [{ agreedMs: 5000, agreedEarlier: false }, 0]);
  consent.use();
  assert.deepEqual(consent.agreement, { agreedMs: 5000, agreedEarlier: true });

  t.mock.timers.setTime(9000);
  consent.forget();
  assert.equal(consent.agreement.agreedMs, null);
  await consent.ask('Agreed.');
  assert.deepEqual([consent.agreement, reloaded.shown], [{ agreedMs: 9000, agreedEarlier: false }, 1]);
});

test('with the switch on, each start asks, also after a reload', async () => {
  const each = box();
  await new ConsentDialog(new Dialog(), each).ask('Agreed.');
  each.checked = true;
  each.dispatchEvent(new Event('change'));
  const dialog = new Dialog();
  const consent = new ConsentDialog(dialog, box());

  for (let i = 0; i < 2; i += 1) await consent.ask('Agreed.');

  assert.equal(dialog.shown, 2);
});

test('what a person agrees to says whether the server keeps the results, so an agreement without it does not count', () => {
  const kept = 'This server keeps the results of this session: emotions, landmarks and times, not the video, for 30 days.';
  const own = agreementOf({ notice: '', recorded: true, recordDays: 30 });

  assert.ok(own.includes(kept));
  assert.doesNotMatch(own, /stores neither/);
  assert.match(agreementOf({ notice: '', recorded: false, recordDays: 0 }), /stores neither frames nor results/);
  assert.match(agreementOf({ notice: 'A museum.', recorded: true, recordDays: 1 }), /^A museum\. .*for 1 day\./);
  assert.match(agreementOf({ notice: '', recorded: true, recordDays: 0 }), /without a limit of time/);
});
