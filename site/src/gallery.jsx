// All models as cards, to be searched, narrowed down and put in order.
import { useMemo } from "preact/hooks";
import { Exports } from "./exports.jsx";
import { Link, useAnswer, useSeen } from "./hooks.jsx";
import { kMostCompared, machineOf, optionsOf } from "./state.js";

// What a card says where the model fits, if no machine is chosen: one of each size that is common.
const kUsual = ["rtx-4090", "h100-sxm", "h200", "mi300x", "8xh100-sxm", "8xb300"];

const kQuantities = ["parameters", "active_parameters", "kv_bytes", "experts", "kv_latent_dim", "window_layers", "state_bytes"];

const kProperties = [
  ["", "all", () => true],
  ["dense", "dense", (figures) => figures.experts === 0],
  ["experts", "mixtures of experts", (figures) => figures.experts > 0],
  ["latent", "latent attention", (figures) => figures.kv_latent_dim > 0],
  ["window", "windows or chunks", (figures) => figures.window_layers > 0],
  ["state", "recurrent states", (figures) => figures.state_bytes > 0],
];

const kOrders = [
  ["name", "name", (one, other) => one.name.localeCompare(other.name, "en", { numeric: true })],
  ["largest", "parameters, most first", (one, other) => other.figures.parameters - one.figures.parameters],
  ["smallest", "parameters, fewest first", (one, other) => one.figures.parameters - other.figures.parameters],
  ["active", "active parameters", (one, other) => one.figures.active_parameters - other.figures.active_parameters],
  ["cache", "KV cache at the context", (one, other) => one.figures.kv_bytes - other.figures.kv_bytes],
];

const asked = (state) => ({ ...optionsOf(state), show: kQuantities.join(",") });

// Models with the figures by which they are narrowed down and put in order. All of them by their names need no
// figures, and this is how the page begins.
function useCards(core, state, known) {
  const listed = useAnswer(
    () => (Object.keys(state.own).length === 0 ? known.listed : core.json("list", []).models),
    [state.own, known.listed],
  );
  const needed = state.only !== "" || state.order !== "name";
  const swept = useAnswer(
    () => (needed ? core.json("sweep", [], asked(state), ["--all"]).points : []),
    [needed, state.own, state.context, state.batch, state.weights, state.kv],
  );
  return useMemo(() => {
    if (!listed.answer || !swept.answer) return { cards: [], refusal: listed.refusal ?? swept.refusal };
    const figures = new Map(swept.answer.map((point) => [point.model, point]));
    return { cards: listed.answer.map((model) => ({ ...model, figures: figures.get(model.name) })) };
  }, [listed, swept]);
}

// A stripe for each layer: its colour says how it reaches back, its lower half whether it has experts.
const reachOf = (traits) =>
  ["fixed_state", "chunk", "compressed_cache", "window", "chosen_keys"].find((trait) => traits.includes(trait)) ?? "all";
const kReaches = {
  all: "attends to every position",
  window: "a window",
  chunk: "a chunk",
  chosen_keys: "keys that an index chooses",
  compressed_cache: "a window, and an entry for each group of positions",
  fixed_state: "a fixed state",
};

export function LayerStrip({ layers }) {
  const width = 100 / layers.order.length;
  const kinds = Object.entries(layers.kinds).map(([name, traits]) => {
    const count = layers.order.filter((kind) => kind === name).length;
    return `${count} ${name}: ${kReaches[reachOf(traits)]}${traits.includes("experts") ? ", experts" : ""}`;
  });
  return (
    <svg class="strip" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={`Layers: ${kinds.join("; ")}`}>
      <title>{kinds.join("\n")}</title>
      {layers.order.map((kind, at) => {
        const traits = layers.kinds[kind];
        return (
          <g>
            <rect class={`reach-${reachOf(traits)}`} x={at * width} width={width * 0.86} y="0" height="5.6" />
            <rect class={traits.includes("experts") ? "has-experts" : "is-dense"} x={at * width} width={width * 0.86} y="6.2" height="3.8" />
          </g>
        );
      })}
    </svg>
  );
}

const textOf = (table, quantity) => table.rows.findLast((row) => row.quantity === quantity)?.cells[1].text;
const fitsIn = (table) =>
  table.rows.filter((row) => row.cells?.[0].text.startsWith("fits in") && row.cells[1].text === "yes")
    .map((row) => row.cells[0].text.replace(/^fits in .* of /, ""));

function CardFigures({ core, state, model }) {
  const machines = state.on === "" ? kUsual.join(",") : machineOf(state).on;
  const { answer: page, refusal } = useAnswer(
    () => core.page("compare", [model], { ...optionsOf(state), on: machines, only: "parameters,memory" }),
    [model, machines, state.context, state.batch, state.weights, state.kv, state.own],
  );
  if (refusal) return <p class="refusal">{refusal}</p>;
  const table = page.blocks.find((block) => block.kind === "table");
  const fits = fitsIn(table);
  return (
    <dl>
      <dt>Parameters</dt><dd>{textOf(table, "parameters")}</dd>
      <dt>Active</dt><dd>{textOf(table, "active_parameters")}</dd>
      <dt>Weights</dt><dd>{textOf(table, "weight_bytes")}</dd>
      <dt>{table.rows.find((row) => row.quantity === "kv_bytes").cells[0].text}</dt><dd>{textOf(table, "kv_bytes")}</dd>
      <dt>Fits on</dt><dd class="fits">{fits.length > 0 ? fits.join(", ") : state.on === "" ? "none of the usual" : "not this"}</dd>
    </dl>
  );
}

function CardPicture({ core, update, model, own }) {
  const { answer: shown } = useAnswer(() => core.json("show", [model]), [model, own]);
  const { answer: picture } = useAnswer(
    () => URL.createObjectURL(new Blob([core.ask("show", [model], { format: "svg" })], { type: "image/svg+xml" })),
    [model, own],
  );
  return (
    <>
      {shown && <LayerStrip layers={shown.layers} />}
      {picture && <Link class="thumb" update={update} to={{ view: "compare", tab: "blocks", models: [model] }}>
        <img src={picture} alt={`Block diagram of ${model}`} /></Link>}
    </>
  );
}

function Card({ core, state, update, card }) {
  const [element, seen] = useSeen();
  const chosen = state.models.includes(card.name);
  const full = !chosen && state.models.length >= kMostCompared;
  const toggle = () => update({
    models: chosen ? state.models.filter((name) => name !== card.name) : [...state.models, card.name],
  });
  return (
    <li class={chosen ? "card chosen" : "card"} ref={element} data-model={card.name}>
      <h2><Link update={update} to={{ view: "compare", tab: "figures", models: [card.name] }}>{card.title}</Link></h2>
      <p class="name">{card.name}, {card.layers} layers</p>
      {seen && <CardPicture core={core} update={update} model={card.name} own={state.own} />}
      {seen && <CardFigures core={core} state={state} model={card.name} />}
      <button type="button" aria-pressed={chosen} disabled={full} onClick={toggle}
        aria-label={`Compare ${card.title}`}>{chosen ? "Chosen" : "Compare"}</button>
    </li>
  );
}

export function Gallery({ core, state, update, known }) {
  const { cards, refusal } = useCards(core, state, known);
  const wanted = state.search.toLowerCase().split(/\s+/);
  const has = kProperties.find(([key]) => key === state.only) ?? kProperties[0];
  const order = kOrders.find(([key]) => key === state.order) ?? kOrders[0];
  const shown = cards
    .filter((card) => has[2](card.figures))
    .filter((card) => wanted.every((word) => `${card.name} ${card.title}`.toLowerCase().includes(word)))
    .sort(order[2]);
  return (
    <main id="main" class="gallery">
      <h1 class="unseen">Models</h1>
      <form class="finder" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>Search <input type="search" value={state.search}
          onInput={(event) => update({ search: event.currentTarget.value })} /></label>
        <label>Show <select value={has[0]} onChange={(event) => update({ only: event.currentTarget.value })}>
          {kProperties.map(([key, text]) => <option value={key}>{text}</option>)}
        </select></label>
        <label>Order <select value={order[0]} onChange={(event) => update({ order: event.currentTarget.value })}>
          {kOrders.map(([key, text]) => <option value={key}>{text}</option>)}
        </select></label>
        <p role="status">{shown.length} of {cards.length} models</p>
      </form>
      <Exports state={state} name="models" formats={{ csv: "CSV", json: "JSON" }}
        ask={(format) => core.ask("sweep", shown.map((card) => card.name), { ...asked(state), format })} />
      {refusal && <pre class="refusal" role="alert">{refusal}</pre>}
      <p class="legend" aria-hidden="true">
        Each stripe is a layer:
        {Object.entries(kReaches).map(([reach, text]) => <span><i class={`key reach-${reach}`} />{text}</span>)}
        <span><i class="key has-experts" />experts</span><span><i class="key is-dense" />dense</span>
      </p>
      <ul class="cards">
        {shown.map((card) => <Card key={card.name} core={core} state={state} update={update} card={card} />)}
      </ul>
      {state.models.length > 0 &&
        <p class="chosen-bar" role="status">
          <span>{state.models.join(", ")}</span>
          <button type="button" onClick={() => update({ view: "compare", tab: "figures" })}>
            {state.models.length > 1 ? "Compare these" : "Open"}</button>
          <button type="button" class="quiet" onClick={() => update({ models: [] })}>Clear</button>
        </p>}
    </main>
  );
}
