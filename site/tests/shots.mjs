// Pictures of the page in the widths and colours that people have, to be looked at.
import { kShots, launch, open, serve, settle } from "./support.mjs";

const kViews = {
  models: "#models",
  figures: "#compare?models=deepseek-v3,kimi-k2&context=32768&on=h100-sxm&devices=8",
  four: "#compare?models=deepseek-v3,kimi-k2,gemma-3-27b,qwen3-32b",
  curves: "#compare?tab=curves&models=gemma-3-27b,mistral-small-3.1-24b",
  blocks: "#compare?tab=blocks&models=gemma-3-27b,qwen3-30b-a3b",
  spec: "#compare?tab=spec&models=qwen3-0.6b",
  article: "#article",
};

const only = process.argv.slice(2);
const server = await serve();
const browser = await launch();
for (const [name, hash] of Object.entries(kViews)) {
  if (only.length > 0 && !only.includes(name)) continue;
  for (const width of [390, 800, 1280]) {
    for (const dark of [false, true]) {
      const tab = await open(browser, server.origin, hash, { width, height: 1000, dark });
      await settle(tab);
      if (name === "article") await tab.waitForSelector("main table", { timeout: 60_000 });
      await new Promise((done) => setTimeout(done, 400));
      await tab.screenshot({ path: `${kShots}/${name}-${width}${dark ? "-dark" : ""}.png` });
      const wide = await tab.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) console.log(`${name} at ${width}: ${wide} wide`);
      for (const wrong of tab.wrong) console.log(`${name} at ${width}: ${wrong}`);
      await tab.close();
    }
  }
}
await browser.close();
server.close();
