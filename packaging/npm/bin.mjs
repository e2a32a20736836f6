#!/usr/bin/env node
// The program, on the files of this system. It sees of the environment only what it reads; PATH is not
// passed on, since nothing can be started from WebAssembly, so that a PNG picture is refused.
import { isatty } from "node:tty";

import createProgram from "./llmarch.mjs";

const read = ["COLUMNS", "HF_HOME", "HF_HUB_CACHE", "HOME", "NO_COLOR", "TERM", "XDG_CACHE_HOME"];
const program = await createProgram({
  preRun: [
    (module) => {
      for (const name of read) if (name in process.env) module.ENV[name] = process.env[name];
    },
  ],
});
// Emscripten takes each of these for a terminal, of which it cannot tell the size. process.stdout is looked at
// where it is one alone, since Node.js makes a pipe that it looks at refuse what does not fit at once.
for (const descriptor of [0, 1, 2]) {
  const size = () => [process.stdout.rows ?? 0, process.stdout.columns ?? 0];
  program.FS.getStream(descriptor).tty = isatty(descriptor) && { ops: { ioctl_tiocgwinsz: size } };
}
process.exitCode = program.callMain(process.argv.slice(2));
