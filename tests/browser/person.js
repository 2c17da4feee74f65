// A person with a browser: Debian's Chromium without JavaScript, looked at as a phone and as a desk, by day and by night.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");

const LOOKS = [
  { name: "phone", width: 390, height: 844 },
  { name: "desktop", width: 1280, height: 800 },
];
const SCHEMES = ["light", "dark"];
// English last: the stories go on in it.
const LANGUAGES = ["de", "en"];
let looks = 0;
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

async function open() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "browser-"));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM,
    headless: true,
    args: ARGUMENTS,
    javaScriptEnabled: false,
  });
  context.setDefaultTimeout(30_000);
  const page = context.pages()[0] ?? (await context.newPage());
  // What our own headers forbid and a page needs all the same.
  const forbidden = [];
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) forbidden.push(message.text());
  });
  const close = async () => {
    await context.close();
    fs.rmSync(folder, { recursive: true, force: true });
  };
  return { page, forbidden, close };
}

/** How a page looks in each language, into the build folder; nothing of it may be cut off at the side. */
async function picture(page, name) {
  for (const language of LANGUAGES) {
    // Each look is somebody else's, as a proxy would say, so that nobody looks too often.
    looks += 1;
    await page.setExtraHTTPHeaders({ "Accept-Language": language, "X-Forwarded-For": `192.0.2.${looks % 250}` });
    await page.reload();
    assert.equal(await page.locator("html").getAttribute("lang"), language, name);
    await pictures(page, `${name}-${language}`);
  }
}

async function pictures(page, name) {
  for (const { name: look, width, height } of LOOKS) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      const file = path.join(process.env.SCREENSHOTS, `${name}-${look}-${colorScheme}.png`);
      await page.screenshot({ path: file, fullPage: true });
    }
    const room = await widths(page);
    assert.ok(room[0] <= room[1], `${name} is wider than a ${look}: ${room}`);
  }
}

/** Of what is shown, and of the window. A page that looks again by itself may go while it is asked. */
async function widths(page) {
  try {
    return await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  } catch (error) {
    if (!error.message.includes("context was destroyed")) throw error;
    await page.waitForLoadState();
    return widths(page);
  }
}

const headline = (page) => page.locator("h1").innerText();

/** Until the page, which looks again by itself, says this. */
const says = (page, words) => page.getByRole("heading", { level: 1, name: words }).waitFor();

const shows = async (page, ...words) => {
  const text = await page.locator("main").innerText();
  for (const word of words) assert.ok(text.includes(word), `no "${word}" in:\n${text}`);
};

/** Looks at the link, presses its button, and is asked by Meta who it is. Gives the dialog's address. */
async function follow(page, link, name) {
  await page.goto(link);
  if (name) await picture(page, name);
  return press(page);
}

async function press(page) {
  await page.locator("main button").click();
  await page.waitForURL(/\/dialog\/oauth/);
  return new URL(page.url());
}

/** Logs in to the simulated Facebook as `who`. */
async function introduce(page, who) {
  await page.getByLabel(who).check();
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Allows what stays ticked, or cancels. */
async function answer(page, { without = [], cancel = false } = {}) {
  for (const scope of without) await page.getByLabel(scope).uncheck();
  const name = cancel ? "Cancel" : /^Continue as/;
  await page.getByRole("button", { name }).click();
  await page.waitForURL(/\/login\/result\//);
}

module.exports = { ARGUMENTS, open, picture, pictures, headline, says, shows, follow, press, introduce, answer };
