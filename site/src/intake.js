// A file that the visitor gives, as a spec of their own: a spec, a Hugging Face config, or a GGUF file, of
// which only the beginning is read. Nothing leaves the browser.
const kFirstPiece = 1 << 20;
const kLargestHeader = 256 << 20;

const stemOf = (file) => file.name.replace(/\.[^.]*$/, "").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "") || "model";

export const nameIn = (toml) => /^\s*name\s*=\s*"([^"]+)"/m.exec(toml)?.[1];

// The spec that llmarch writes of the file, and how its weights are stored there.
function imported(core, path, content) {
  const files = { [path]: content };
  const toml = core.run(["import", "--", path], files);
  const shown = JSON.parse(core.run(["show", "--format=json", "--", path], files));
  return { toml, name: nameIn(toml), stored: shown.workload.weights };
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

// { name, toml, stored }: the format of the weights where it is known. Throws Refusal.
export async function take(core, file) {
  if (/\.gguf$/i.test(file.name)) return importedHeader(core, file);
  const text = await file.text();
  if (/\.json$/i.test(file.name)) return imported(core, `/${stemOf(file)}.json`, text);
  core.run(["check", "--", `/${stemOf(file)}.toml`], { [`/${stemOf(file)}.toml`]: text });
  return { name: nameIn(text), toml: text, stored: "" };
}
