// How long after it was asked for the page has drawn its first figure, in a browser that has nothing of it yet:
// the median of several visits, and the slowest. It is printed and never asserted, since it depends on what else
// the machine does.
//   node site/tests/first_figure.mjs [visits]
import { launch, serve } from "./support.mjs";

const kViews = {
  "the models": ["", ".card dd"],
  "two models": ["#compare?models=deepseek-v3,kimi-k2", "main table td"],
  "four on a machine": ["#compare?models=deepseek-v3,kimi-k2,gemma-3-27b,qwen3-32b&on=h100-sxm", "main table td"],
};

// Runs in the tab before anything of the page. A task that follows the next frame is past its drawing.
const watch = (selector) => {
  new MutationObserver((_changes, observer) => {
    if (!document.querySelector(selector)) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => (globalThis.drawn = performance.now())));
  }).observe(document, { childList: true, subtree: true });
};

async function visit(browser, url, selector) {
  const context = await browser.createBrowserContext(); // with a cache of its own
  const tab = await context.newPage();
  await tab.setViewport({ width: 1280, height: 900 });
  await tab.evaluateOnNewDocument(watch, selector);
  await tab.goto(url);
  await tab.waitForSelector("html[data-ready]", { timeout: 60_000 });
  await tab.waitForFunction(() => globalThis.drawn !== undefined, { timeout: 60_000 });
  const times = await tab.evaluate(() => [globalThis.drawn, Number(document.documentElement.dataset.ready)]);
  await context.close();
  return times;
}

const visits = Number(process.argv[2] ?? 11);
const server = await serve();
const browser = await launch();
for (const [name, [hash, selector]] of Object.entries(kViews)) {
  const times = [];
  for (let at = 0; at < visits; ++at) times.push(await visit(browser, `${server.origin}/below/${hash}`, selector));
  const sorted = (column) => times.map((each) => Math.round(each[column])).sort((one, other) => one - other);
  const [drawn, ready] = [sorted(0), sorted(1)];
  const middle = Math.floor(visits / 2);
  console.log(`${name}: first figure after ${drawn[middle]} ms, at most ${drawn.at(-1)}; all can be chosen after ${ready[middle]} ms`);
}
await browser.close();
server.close();
