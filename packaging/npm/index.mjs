// The program as functions, with files of its own in memory: nothing outside is read or written.
import createProgram from "./llmarch-core.mjs";

// Lets what is written to a descriptor be added to `pieces`, many bytes at a time; Emscripten itself passes
// on byte by byte.
function collect(program, descriptor, pieces) {
  const stream = program.FS.getStream(descriptor);
  stream.tty = undefined;
  stream.stream_ops = {
    ...stream.stream_ops,
    write: (_stream, buffer, offset, length) => {
      pieces.push(buffer.slice(offset, offset + length));
      return length;
    },
  };
}

// The text of the pieces, which are taken out.
function text(pieces) {
  const decoder = new TextDecoder();
  return pieces.splice(0).map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
}

export async function load(module = {}) {
  const program = await createProgram({ stdin: () => null, ...module });
  const out = [];
  const err = [];
  collect(program, 1, out);
  collect(program, 2, err);
  const session = program._llmarch_open();

  // Calls a function of the core with the words, while the files are there.
  function call(entry, words, files) {
    const stack = program.stackSave();
    for (const [name, content] of Object.entries(files)) program.FS.writeFile(name, content);
    try {
      const list = program.stackAlloc(4 * words.length);
      words.forEach((word, at) => {
        program.HEAPU32[list / 4 + at] = program.stringToUTF8OnStack(String(word));
      });
      return entry(session, words.length, list);
    } finally {
      for (const name of Object.keys(files)) program.FS.unlink(name);
      program.stackRestore(stack);
    }
  }

  function run(words, files = {}) {
    const status = call(program._llmarch_run, words, files);
    return { status, out: text(out), err: text(err) };
  }

  const options = (settings) => Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const failure = (status, message) => Object.assign(new Error(message.trim()), { status });

  function compare(models, settings = {}, files = {}) {
    const { status, out: json, err: message } = run(
      ["compare", ...options(settings), "--format=json", "--", ...models],
      files,
    );
    if (status !== 0) throw failure(status, message);
    return JSON.parse(json);
  }

  function sweep(models, settings = {}, files = {}) {
    const status = call(program._llmarch_sweep, [...options(settings), "--", ...models], files);
    if (status !== 0) throw failure(status, text(err));
    const first = program._llmarch_figures(session) / 8;
    return program.HEAPF64.slice(first, first + program._llmarch_figure_count(session));
  }

  return { run, compare, sweep };
}
