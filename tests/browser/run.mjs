// Opens the pages of a running service in Chromium and checks what a person would notice.
//
//   node tests/browser/run.mjs http://127.0.0.1:8080 7K3Q9XWD2M8TV0AR
//
// Owns which pages are opened, in which windows, and the count of what passed. Must never know how the service was
// started or how its pages are made: record.mjs judges what the browser shows. CHROMIUM names another browser.

import { chromium } from 'playwright-core';
import { checksOf, followForm, followLinks } from './record.mjs';

const WINDOWS = [
  { name: 'small phone', width: 360, height: 740, colorScheme: 'light' },
  { name: 'phone', width: 390, height: 844, colorScheme: 'light' },
  { name: 'phone, dark', width: 390, height: 844, colorScheme: 'dark' },
  { name: 'desktop', width: 1280, height: 800, colorScheme: 'light' },
  { name: 'desktop, dark', width: 1280, height: 800, colorScheme: 'dark' },
];

// Pages with some hundred links, on which the walk with the tab key takes a while: narrowest and widest window only.
const LONG = ['/docs', '/docs/problems'];

// What a browser would otherwise fetch for itself.
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--no-sandbox',
];

const tally = { passed: 0, failed: 0 };

/** Runs one check; a thrown error is its failure. */
async function check(name, run) {
  try {
    await run();
    tally.passed += 1;
  } catch (error) {
    tally.failed += 1;
    console.log(`FAILED  ${name}\n        ${error.message.split('\n').join('\n        ')}`);
  }
}

/** Collects what the browser complains about, and every request that leaves the service. */
function listen(page, base) {
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => complaints.push(`no answer from ${request.url()}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith('data:') && !url.startsWith(base)) complaints.push(`asks another host: ${url}`);
  });
  return complaints;
}

/** Every check of one page in one window, with and without JavaScript. */
async function visit(browser, base, path, { name, width, height, colorScheme }) {
  for (const javaScriptEnabled of [true, false]) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, javaScriptEnabled });
    const page = await context.newPage();
    const complaints = listen(page, base);
    const where = `${path} · ${name} · JavaScript ${javaScriptEnabled ? 'on' : 'off'}`;
    let response;
    await check(`${where} · answers 200`, async () => {
      response = await page.goto(base + path);
      if (response.status() !== 200) throw new Error(`status ${response.status()}`);
    });
    if (response?.status() === 200) {
      for (const [what, run] of checksOf(path)) await check(`${where} · ${what}`, () => run(page, response));
    }
    await check(`${where} · no complaints`, () => {
      if (complaints.length > 0) throw new Error(complaints.join('\n'));
    });
    await context.close();
  }
}

async function main() {
  const [address, mark] = process.argv.slice(2);
  if (!address || !mark) {
    console.error('usage: node tests/browser/run.mjs BASE_URL MARK');
    process.exit(2);
  }
  const base = address.replace(/\/+$/, '');
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: QUIET });
  const paths = [`/m/${mark}`, `/M/${mark}`, '/scan', '/', ...LONG];
  for (const path of paths) {
    const windows = LONG.includes(path) ? [WINDOWS[0], WINDOWS.at(-1)] : WINDOWS;
    for (const window of windows) await visit(browser, base, path, window);
    await check(`${path} · every link leads somewhere`, () => followLinks(browser, base, path));
  }
  await check('/scan · the typed mark leads to its record', () => followForm(browser, base, mark));
  await browser.close();
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

await main();
