// Everything that the page shows, as one value, and as the part of its address after '#': a link holds the
// whole state, the visitor's own specs too, and nothing of it goes to a server.
export const kViews = ["models", "compare", "article"];
export const kTabs = ["figures", "curves", "blocks", "spec"];
export const kMostCompared = 4;

export const kFirst = {
  view: "models",
  tab: "figures",
  models: [],
  own: {}, // name to TOML
  context: 8192,
  batch: 1,
  weights: "", // empty: as published
  kv: "bf16",
  on: "", // empty: no machine
  devices: 1,
  draft: 0, // tokens that prediction layers draft in a step of decode
  accepted: 0.8, // up to 1, the share of drafts that stand; above 1, how many of a step do
  show: "kv_bytes",
  upTo: 131072, // where curves end
  exact: false, // whole numbers
  edited: "", // the model whose spec is open
  study: "", // of the view of articles; empty: the first
  search: "",
  order: "name",
  only: "", // a property that the models of the gallery must have
};

// How numbers are read from an address.
const whole = (least) => (value) => Math.max(least, Math.round(value));
const above0 = (value) => (value > 0 ? value : NaN);
const kNumbers = {
  context: whole(1), batch: whole(1), devices: whole(1), upTo: whole(1), draft: whole(0), accepted: above0,
};

// base64 without the signs that addresses give a meaning
const toBase64 = (bytes) =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromBase64 = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

const through = async (bytes, stream) =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
const pack = async (text) =>
  toBase64(await through(new TextEncoder().encode(text), new CompressionStream("deflate-raw")));
const unpack = async (text) =>
  new TextDecoder().decode(await through(fromBase64(text), new DecompressionStream("deflate-raw")));

// What can be the name of a visitor's spec, which is that of a file too.
export const isName = (name) => /^[A-Za-z0-9][\w.+-]*$/.test(name ?? "");

// "compare?models=gpt2,deepseek-v3&context=32768"; what is as at first is left out.
export async function toHash(state) {
  const fields = new URLSearchParams();
  for (const [key, first] of Object.entries(kFirst)) {
    const value = state[key];
    if (key === "view" || key === "own" || value === first) continue;
    if (key === "models") {
      if (value.length > 0) fields.set(key, value.join(","));
    } else {
      fields.set(key, value === true ? "1" : String(value));
    }
  }
  for (const [name, toml] of Object.entries(state.own)) fields.set(`own.${name}`, await pack(toml));
  const query = fields.toString().replaceAll("%2C", ",");
  return query === "" ? `#${state.view}` : `#${state.view}?${query}`;
}

// An address that was cut off or made by hand gives what can be read of it.
export async function fromHash(hash) {
  const [view, query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const state = { ...kFirst, own: {} };
  if (kViews.includes(view)) state.view = view;
  for (const [key, value] of new URLSearchParams(query)) {
    if (key === "models") state.models = value.split(",").filter(Boolean).slice(0, kMostCompared);
    else if (key === "exact") state.exact = value === "1";
    else if (key === "tab") state.tab = kTabs.includes(value) ? value : kFirst.tab;
    else if (key in kNumbers) {
      const number = kNumbers[key](Number(value));
      state[key] = Number.isFinite(number) ? number : kFirst[key];
    }
    else if (key.startsWith("own.") && isName(key.slice(4))) {
      const toml = await unpack(value).catch(() => "");
      if (toml !== "") state.own[key.slice(4)] = toml;
    }
    else if (key in kFirst && key !== "view" && key !== "own") state[key] = value;
  }
  return state;
}

// The state as options of a command; those of a machine and of drafts only where they are asked for.
export const optionsOf = (state) => ({
  context: state.context,
  batch: state.batch,
  kv: state.kv,
  ...(state.weights === "" ? {} : { weights: state.weights }),
});

export const machineOf = (state) =>
  state.on === "" ? {} : { on: state.devices > 1 ? `${state.devices}x${state.on}` : state.on };

export const draftsOf = (state) => (state.draft === 0 ? {} : { draft: state.draft, accepted: state.accepted });
