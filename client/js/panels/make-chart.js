/** Makes the chart of the page of its elements, or says in its place that its libraries are missing. */

import { element } from '../browser/elements.js';
import { T } from '../texts/texts.js';
import { EmotionChart } from './emotion-chart.js';

/** @param {import('../session/session-log.js').SessionLog} log @returns {EmotionChart | null} null: its libraries are missing */
export function makeChart(log) {
  try {
    return new EmotionChart(
      {
        all: element('#drawing'),
        ribbons: element('#ribbons'),
        caption: element('#chart-caption'),
        lines: element('#chart'),
        axis: element('#time-axis'),
        marks: element('#marks'),
      },
      log,
    );
  } catch (error) {
    console.warn('no chart:', error);
    element('#chart-empty').textContent = T.CHART_MISSING;
    return null;
  }
}
