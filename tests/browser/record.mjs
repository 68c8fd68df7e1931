// What a page must be for the person who reads it, measured in the browser.
//
// Owns the checks. Each takes a page that is open and throws with what is wrong. Must never know which window the
// page is shown in, nor how many checks there are: run.mjs counts.

/** Words of the four answers. */
const VERDICTS = ['ELIGIBLE BY RECORD', 'RECORD FOUND, NO HOLDS', 'DO NOT INSTALL', 'CANNOT DETERMINE'];

/** WCAG 2.2 AA for text of normal size; asked of large text too, because a hangar has sunlight. */
const CONTRAST_MIN = 4.5;

/** Height in CSS pixels of what is pressed with a glove. */
const TOUCH_MIN = 44;

/** The checks that a path asks for, as [name, run]. */
export function checksOf(path) {
  const all = [
    ['language, title and landmarks', structure],
    ['no horizontal scrolling', fits],
    ['contrast of all text', contrast],
    ['every control by keyboard, focus visible', keyboard],
    ['controls are large enough', touch],
    ['policy against foreign content', policy],
    ['prints', prints],
  ];
  return /^\/m\//i.test(path) ? [['the answer comes first', answer], ...all] : all;
}

function demand(holds, message) {
  if (!holds) throw new Error(message);
}

async function structure(page) {
  const found = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    title: document.title,
    main: document.querySelectorAll('main').length,
    header: document.querySelectorAll('body > header').length,
    footer: document.querySelectorAll('body > footer').length,
    h1: document.querySelectorAll('h1').length,
    nameless: [...document.querySelectorAll('nav, section')].filter(
      (region) => !region.ariaLabel && !document.getElementById(region.getAttribute('aria-labelledby')),
    ).length,
    unlabelled: [...document.querySelectorAll('input')].filter((input) => input.labels.length === 0).length,
    twice: [...document.querySelectorAll('[id]')].length - new Set([...document.querySelectorAll('[id]')].map((e) => e.id)).size,
  }));
  demand(found.lang === 'en', 'html has no lang');
  demand(found.title.length > 10, `title is ${JSON.stringify(found.title)}`);
  for (const landmark of ['main', 'header', 'footer', 'h1']) {
    demand(found[landmark] === 1, `${found[landmark]} of ${landmark}`);
  }
  demand(found.nameless === 0, `${found.nameless} regions without a name`);
  demand(found.unlabelled === 0, `${found.unlabelled} inputs without a label`);
  demand(found.twice === 0, 'an id stands twice');
}

async function answer(page) {
  const words = (await page.textContent('[role=status] h1')).trim();
  demand(VERDICTS.includes(words), `the answer says ${JSON.stringify(words)}`);
  const { height } = page.viewportSize();
  for (const part of ['.verdict h1', '.verdict svg', '.why', '.facts']) {
    const box = await page.locator(`[role=status] ${part}`).boundingBox();
    demand(box && box.y >= 0 && box.y + box.height <= height, `${part} is not in the first view`);
  }
}

async function fits(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  demand(over <= 0, `the page is ${over} px too wide`);
}

/** Contrast of every text that is seen, against the nearest background behind it. */
async function contrast(page) {
  const poor = await page.evaluate((minimum) => {
    const rgb = (color) => color.match(/[\d.]+/g).map(Number);
    const channel = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const color = rgb(getComputedStyle(at).backgroundColor);
        if (color[3] !== 0) return color;
      }
      return [255, 255, 255];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const poor = [];
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest('.unseen, .skip')) continue;
      const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < minimum) poor.push(`${ratio.toFixed(2)}:1 ${walker.currentNode.data.trim().slice(0, 40)}`);
    }
    return poor;
  }, CONTRAST_MIN);
  demand(poor.length === 0, poor.join('\n'));
}

/** Walks through the page with the tab key alone. */
async function keyboard(page) {
  const wanted = await page.evaluate(() => {
    const controls = [...document.querySelectorAll('a[href], button, input, summary')];
    const seen = controls.filter((control) => control.checkVisibility());
    seen.forEach((control, at) => control.setAttribute('data-control', at));
    return seen.length;
  });
  const reached = new Set();
  for (let press = 0; press < wanted + 10 && reached.size < wanted; press += 1) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
      return { at: document.activeElement.dataset.control, outlined, html: document.activeElement.outerHTML.slice(0, 80) };
    });
    if (focus.at === undefined) continue;
    demand(focus.outlined, `no visible focus on ${focus.html}`);
    reached.add(focus.at);
  }
  demand(reached.size === wanted, `${reached.size} of ${wanted} controls reached`);
}

async function touch(page) {
  const low = await page.evaluate((minimum) => {
    const controls = [...document.querySelectorAll('.btn, .top a, input, summary')];
    const seen = controls.filter((control) => control.checkVisibility());
    return seen.filter((control) => control.getBoundingClientRect().height < minimum).map((control) => control.outerHTML);
  }, TOUCH_MIN);
  demand(low.length === 0, `too low: ${low.join('\n')}`);
}

async function policy(_page, response) {
  const header = response.headers()['content-security-policy'] ?? '';
  demand(header.includes("default-src 'none'"), `content-security-policy: ${header}`);
  demand(!header.includes('unsafe'), `content-security-policy: ${header}`);
}

async function prints(page) {
  await page.emulateMedia({ media: 'print' });
  const seen = await page.locator('h1').isVisible();
  await fits(page).finally(() => page.emulateMedia({ media: null }));
  demand(seen, 'the heading is not printed');
}

/** Asks for everything that a page links to. */
export async function followLinks(browser, base, path) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(base + path);
  const links = await page.evaluate(() => [...document.querySelectorAll('a[href]')].map((link) => link.href));
  const missing = [];
  const found = new Map();
  for (const link of new Set(links)) {
    const url = new URL(link);
    const id = url.hash.slice(1);
    url.hash = '';
    if (!found.has(url.href)) {
      const response = await context.request.get(url.href);
      if (response.status() !== 200) missing.push(`${response.status()} ${link}`);
      found.set(url.href, await response.text());
    }
    if (id && !found.get(url.href).includes(`id="${id}"`)) missing.push(`${link} has no target`);
  }
  await context.close();
  demand(missing.length === 0, missing.join('\n'));
}

/** Types the mark as people do, in lower case and groups, and expects its record. */
export async function followForm(browser, base, mark) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${base}/scan`);
  await page.fill('#mark', mark.toLowerCase().replace(/(.{4})(?=.)/g, '$1 '));
  await page.click('form[action="/m"] button');
  await page.waitForSelector('[role=status] h1');
  const shown = await page.textContent('.about');
  await context.close();
  demand(shown.replace(/\s/g, '').includes(mark.toUpperCase()), `shown: ${shown}`);
}
