// The program as functions, with files of its own in memory: nothing outside is read or written.
import createProgram from "./llmarch-core.mjs";

export async function load() {
  const taken = { out: [], err: [] };
  const program = await createProgram({
    stdin: () => null,
    stdout: (byte) => taken.out.push(byte),
    stderr: (byte) => taken.err.push(byte),
  });
  const text = (bytes) => new TextDecoder().decode(Uint8Array.from(bytes.splice(0), (byte) => byte & 255));

  function run(words, files = {}) {
    for (const [name, content] of Object.entries(files)) program.FS.writeFile(name, content);
    try {
      const status = program.callMain([...words]);
      return { status, out: text(taken.out), err: text(taken.err) };
    } finally {
      for (const name of Object.keys(files)) program.FS.unlink(name);
    }
  }

  function compare(models, settings = {}, files = {}) {
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const { status, out, err } = run(["compare", ...options, "--format=json", "--", ...models], files);
    if (status !== 0) throw Object.assign(new Error(err.trim()), { status });
    return JSON.parse(out);
  }

  return { run, compare };
}
