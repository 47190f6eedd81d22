/** Starts Firefox as the tests need it, and opens a page that collects what goes wrong. */

import puppeteer from 'puppeteer-core';

export const WINDOW = { width: 1280, height: 900 };
/** A routing rule for this host, which is a separate network namespace: as if the network had failed. */
export const NO_UDP = ['pref', '1', 'ipproto', 'udp', 'blackhole'];
const SOON_MS = 20000;

/**
 * @param {{executable: string, folder: string, prefs?: object}} options the program; where downloads go; more preferences
 * @returns {Promise<{browser: puppeteer.Browser, page: puppeteer.Page, seen: {client: string, errors: string[], rejected: string[]}}>}
 */
export async function openFirefox({ executable, folder, prefs }) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: executable,
    headless: true,
    acceptInsecureCerts: true,
    args: [`--width=${WINDOW.width}`, `--height=${WINDOW.height}`],
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'browser.download.folderList': 2,
      'browser.download.dir': folder,
      ...prefs,
    },
  });
  const seen = { client: await browser.version(), errors: [], rejected: [] };
  const page = await browser.newPage();
  await page.setViewport(WINDOW);
  page.setDefaultTimeout(SOON_MS);
  page.on('console', (message) => message.type() === 'error' && seen.errors.push(message.text()));
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('response', (response) => response.status() >= 400 && seen.rejected.push(`${response.status()} ${response.url()}`));
  return { browser, page, seen };
}
