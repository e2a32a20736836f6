// The core in WebAssembly, asked by command lines as 'llmarch help' describes them. Every figure and every
// text of a figure on this page comes from here; the page itself only multiplies pixels.
import { load } from "llmarch";

// Compiled while it arrives, where the server says that it is WebAssembly; many plain file servers do not.
async function compile(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  const type = response.headers.get("Content-Type") ?? "";
  return type.startsWith("application/wasm")
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}

// A command that did not succeed; `message` is what llmarch said.
export class Refusal extends Error {
  constructor(message, status) {
    super(message.trim().replace(/^llmarch: error: /gm, ""));
    this.status = status;
  }
}

const kOwnFolder = "/own";

export class Core {
  static async open(url) {
    const compiled = compile(url);
    const core = new Core();
    core.program = await load({
      instantiateWasm: (imports, receive) => {
        compiled.then(async (module) => receive(await WebAssembly.instantiate(module, imports), module));
        return {};
      },
      preRun: [(program) => program.FS.mkdir(kOwnFolder)],
    });
    return core;
  }

  // The visitor's own specs: name to TOML. They are known beside the built-in models, and in their place
  // where the names are the same.
  own = {};

  get #files() {
    return Object.fromEntries(Object.entries(this.own).map(([name, toml]) => [`${kOwnFolder}/${name}.toml`, toml]));
  }

  get #specs() {
    return Object.keys(this.own).length > 0 ? [`--specs=${kOwnFolder}`] : [];
  }

  // What the command line prints. Statuses 0 and 1 (a claim that does not hold) are answers.
  run(words, files = {}) {
    const done = this.program.run(words, files);
    if (done.status > 1) throw new Refusal(done.err, done.status);
    return done.out;
  }

  // Likewise with the visitor's own models.
  ask(command, models, settings = {}, more = []) {
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    return this.run([command, ...this.#specs, ...options, ...more, "--", ...models], this.#files);
  }

  // The report of a command as its blocks (reports/render/page.h).
  page(command, models, settings = {}, more = []) {
    return JSON.parse(this.ask(command, models, { ...settings, format: "page" }, more));
  }

  json(command, models, settings = {}, more = []) {
    return JSON.parse(this.ask(command, models, { ...settings, format: "json" }, more));
  }

  // The figures of a sweep as numbers, model by model, context by context.
  sweep(models, settings) {
    const options = this.#specs.length > 0 ? { ...settings, specs: kOwnFolder } : settings;
    return this.program.sweep(models, options, this.#files);
  }

  // What can stand for the last of these words.
  completions(words) {
    return this.run(["complete", "--", ...words]).split("\n").filter(Boolean);
  }
}
