import { Refusal } from "./core.js";
import { isName } from "./state.js";

// A file that the visitor gives, as a spec of their own: a spec, a Hugging Face config, or a GGUF file, of
// which only the beginning is read. Nothing leaves the browser.
const kFirstPiece = 1 << 20;
const kLargestHeader = 256 << 20;

const stemOf = (file) => file.name.replace(/\.[^.]*$/, "").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "") || "model";

export const nameIn = (toml) => /^\s*name\s*=\s*"([^"]+)"/m.exec(toml)?.[1];

// What llmarch has to say of a spec; empty where there is nothing wrong with it.
export function faultsOf(core, toml) {
  const file = "/spec.toml";
  try {
    core.run(["check", "--", file], { [file]: toml });
  } catch (refusal) {
    return refusal.message;
  }
  return isName(nameIn(toml)) ? "" : 'name: letters, digits, dots, hyphens and underscores, as in name = "my-model"';
}

// The spec that llmarch writes of the file, and how its weights are stored there.
function imported(core, path, content) {
  const files = { [path]: content };
  const toml = core.run(["import", "--", path], files);
  const shown = JSON.parse(core.run(["show", "--format=json", "--", path], files));
  const { workload, memory } = shown;
  return { toml, name: nameIn(toml), stored: workload.weights, bits: memory.bits_per_weight };
}

// The header ends where the core can read it; its length stands nowhere.
async function importedHeader(core, file) {
  for (let size = kFirstPiece; ; size *= 2) {
    const piece = new Uint8Array(await file.slice(0, size).arrayBuffer());
    try {
      return imported(core, `/${stemOf(file)}.gguf`, piece);
    } catch (refusal) {
      if (size >= file.size || size >= kLargestHeader) throw refusal;
    }
  }
}

// { name, toml, stored, bits }: how the file stores the weights, and the bits of one in the mean; nothing of
// that for a spec, which does not say it. Throws Refusal.
export async function take(core, file) {
  if (/\.gguf$/i.test(file.name)) return importedHeader(core, file);
  const text = await file.text();
  if (/\.json$/i.test(file.name)) return imported(core, `/${stemOf(file)}.json`, text);
  const faults = faultsOf(core, text);
  if (faults !== "") throw new Refusal(faults, 2);
  return { name: nameIn(text), toml: text };
}
