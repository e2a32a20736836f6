import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Article } from "./article.jsx";
import { Compare } from "./compare.jsx";
import { Core } from "./core.js";
import { Gallery } from "./gallery.jsx";
import { Link } from "./hooks.jsx";
import { take } from "./intake.js";
import { fromHash, kMostCompared, toHash } from "./state.js";

// What there is to choose from, by the core's own words.
function knownBy(core) {
  const listed = JSON.parse(core.run(["list", "--format=json"]));
  const quantities = {};
  for (const [, name, meaning] of core.run(["help", "quantities"]).matchAll(/^ {2}(\S+) +(.*)$/gm)) {
    quantities[name] = meaning;
  }
  return {
    listed: listed.models,
    models: listed.models.map(({ name }) => name),
    hardware: listed.hardware,
    studies: listed.studies.toReversed(),
    weights: core.completions(["compare", "--weights", ""]),
    kv: core.completions(["compare", "--kv", ""]),
    quantities,
  };
}

const kNothingKnown = { listed: [], models: [], hardware: [], studies: [], weights: [], kv: [], quantities: {} };

const kWriteAfter = 200; // milliseconds; browsers refuse addresses that change at each frame of a drag

function useAddress(first) {
  const [state, setState] = useState(first);
  const latest = useRef(first);
  const writing = useRef(0);
  const update = (patch) => {
    const turned = "view" in patch || "tab" in patch;
    latest.current = { ...latest.current, ...patch };
    setState(latest.current);
    clearTimeout(writing.current);
    const write = async () => {
      const hash = await toHash(latest.current);
      if (hash === location.hash) return;
      history[turned ? "pushState" : "replaceState"](null, "", hash);
    };
    if (turned) write();
    else writing.current = setTimeout(write, kWriteAfter);
  };
  useEffect(() => {
    const moved = async () => {
      latest.current = await fromHash(location.hash);
      setState(latest.current);
    };
    addEventListener("hashchange", moved);
    addEventListener("popstate", moved);
    return () => {
      removeEventListener("hashchange", moved);
      removeEventListener("popstate", moved);
    };
  }, []);
  return [state, update];
}

// What there is to choose from. The figures of a link need none of it, and all models are read for it, so that
// it is asked for when they are drawn (effects come after that). The page is ready when it is known.
function useKnown(core, first) {
  const [known, learn] = useState(() =>
    first.view === "compare" && first.models.length > 0 ? kNothingKnown : knownBy(core));
  useEffect(() => {
    if (known === kNothingKnown) learn(knownBy(core));
    else document.documentElement.dataset.ready = Math.round(performance.now());
  }, [known]);
  return known;
}

// The setting for weights that are stored so: the format, if it has a name here, or else its bits in the mean.
// A file in bf16 changes nothing, since that is what a spec means.
const weightsAs = (stored, bits, known) =>
  stored === "bf16" ? "" : known.weights.includes(stored) ? stored : `${bits.toFixed(3)}bpw`;

const kViewTexts = { models: "Models", compare: "Compare", article: "Article" };

function App({ core, first }) {
  const [state, update] = useAddress(first);
  const [said, say] = useState("");
  const [over, setOver] = useState(false);
  core.own = state.own;
  const listed = useKnown(core, first);
  const known = { ...listed, models: [...new Set([...Object.keys(state.own), ...listed.models])] };

  const give = async (files) => {
    for (const file of files) {
      try {
        const { name, toml, stored, bits } = await take(core, file);
        const weights = stored === undefined ? state.weights : weightsAs(stored, bits, known);
        const others = state.models.filter((other) => other !== name).slice(0, kMostCompared - 1);
        update({
          own: { ...state.own, [name]: toml }, models: [...others, name],
          view: "compare", tab: "figures", weights,
        });
        say(weights === state.weights ? `${file.name} is read as ${name}.`
          : `${file.name} is read as ${name}. It stores its weights as ${stored}; all models are counted with ${weights} now.`);
      } catch (refusal) {
        update({ view: "compare" });
        say(refusal.message);
      }
    }
  };
  useEffect(() => {
    const hold = (event) => { event.preventDefault(); setOver(event.type === "dragover"); };
    const drop = (event) => { hold(event); give([...event.dataTransfer.files]); };
    addEventListener("dragover", hold);
    addEventListener("dragleave", hold);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", hold);
      removeEventListener("dragleave", hold);
      removeEventListener("drop", drop);
    };
  });
  useEffect(() => { document.documentElement.classList.toggle("dragging", over); }, [over]);
  useEffect(() => {
    document.title = state.view === "compare" && state.models.length > 0
      ? `${state.models.join(" | ")}: llmarch` : `${kViewTexts[state.view]}: llmarch`;
  }, [state.view, state.models]);

  const shared = { core, state, update, known, give };
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main").scrollIntoView(); }}>Skip to the figures</a>
      <header class="top">
        <p class="title"><Link update={update} to={{ view: "models" }}>llmarch</Link></p>
        <nav aria-label="Views">
          {Object.entries(kViewTexts).map(([view, text]) => (
            <Link update={update} to={{ view }} aria-current={state.view === view ? "page" : undefined}>{text}</Link>
          ))}
        </nav>
        <p class="motto">What an LLM architecture costs, exactly, computed in this page.</p>
      </header>
      {said !== "" && <p class="notice" role="status"><span>{said}</span>
        <button type="button" class="quiet" onClick={() => say("")}>Close</button></p>}
      {state.view === "models" && <Gallery {...shared} />}
      {state.view === "compare" && <Compare {...shared} />}
      {state.view === "article" && known.studies.length > 0 && <Article {...shared} />}
      <footer>
        <p>Figures are predicted from shapes unless they are called published. No request leaves this page: a file
          that you open stays in the browser, and a link holds what you see.</p>
      </footer>
    </>
  );
}

const root = document.getElementById("page");
try {
  const [core, first] = await Promise.all([
    Core.open(new URL("llmarch-core.wasm", import.meta.url)),
    fromHash(location.hash),
  ]);
  root.textContent = "";
  render(<App core={core} first={first} />, root);
} catch (error) {
  root.textContent = `The core could not be started: ${error.message}`;
  throw error;
}
