// A browser and a plain file server, as the tests of the page use them.
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import puppeteer from "puppeteer-core";

export const kRoot = path.resolve(import.meta.dirname, "../..");
export const kPage = path.join(kRoot, "build-wasm/site");
const kPackage = path.join(kRoot, "build-wasm/npm");
export const kShots = path.join(kRoot, "build-wasm/site-shots");

// A server that knows no WebAssembly, as many do not, and one that does.
export const kPlain = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const kTypes = { ...kPlain, ".mjs": "text/javascript", ".wasm": "application/wasm" };

// Serves the folder, under an address of its own and below a folder, as many file servers do; and the modules of the
// npm package, from which the page was made.
export async function serve(types = kTypes) {
  const server = createServer(async (request, response) => {
    const name = new URL(request.url, "http://localhost").pathname.replace(/^\/below\//, "");
    try {
      const folder = name.endsWith(".mjs") ? kPackage : kPage;
      const content = await readFile(path.join(folder, path.basename(name) || "index.html"));
      response.setHeader("Content-Type", types[path.extname(name) || ".html"] ?? "application/octet-stream");
      response.end(content);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

export async function launch() {
  await mkdir(kShots, { recursive: true });
  return puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", `--disk-cache-dir=${path.join(tmpdir(), "llmarch-page-cache")}`],
    protocolTimeout: 300_000,
  });
}

// A tab on the page; `wrong` collects what must not happen: errors in the console, uncaught exceptions and
// requests to anywhere else. `before` is a function that the tab calls before anything of the page.
export async function open(browser, origin, hash = "", { width = 1280, height = 900, dark = false, before } = {}) {
  const tab = await browser.newPage();
  tab.wrong = [];
  tab.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) tab.wrong.push(`${message.type()}: ${message.text()}`);
  });
  tab.on("pageerror", (error) => tab.wrong.push(`exception: ${error.message}`));
  tab.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:") && !url.startsWith("blob:")) tab.wrong.push(`request: ${url}`);
  });
  await tab.setViewport({ width, height });
  await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  if (before) await tab.evaluateOnNewDocument(before);
  await tab.goto(`${origin}/below/${hash}`);
  await tab.waitForSelector("html[data-ready]", { timeout: 60_000 });
  return tab;
}

// Until what is drawn follows from the last input: two frames.
export const settle = (tab) =>
  tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30)))));

export const textsOf = (tab, selector) =>
  tab.$$eval(selector, (elements) => elements.map((element) => element.textContent));

// The text of a row's cells by its heading.
export const rowOf = (tab, heading) =>
  tab.$$eval("main table tbody tr", (rows, wanted) => {
    const row = rows.find((one) => one.cells[0]?.textContent.trim() === wanted);
    return row ? [...row.cells].slice(1).map((cell) => cell.textContent) : null;
  }, heading);
