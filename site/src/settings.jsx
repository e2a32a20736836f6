// The setting of every figure: sliders for what is a number, lists for what has a name.
import { useId } from "preact/hooks";

// Whole numbers that a slider stops at: `each` to a doubling, from `first` to `last`.
function stops(first, last, each) {
  const all = new Set();
  const doublings = Math.log2(last / first);
  for (let at = 0; at <= Math.round(doublings * each); ++at) all.add(Math.round(first * 2 ** (at / each)));
  return [...all];
}
const kContexts = stops(256, 1 << 20, 8);
const kBatches = stops(1, 1024, 4);
const kDevices = [1, 2, 4, 8];
const kDrafts = [1, 2, 3, 4, 6, 8];

const nearest = (all, value) =>
  all.reduce((best, one, at) => (Math.abs(Math.log(one / value)) < Math.abs(Math.log(all[best] / value)) ? at : best), 0);

function Slider({ label, unit, all, value, set }) {
  const id = useId();
  return (
    <div class="setting">
      <label for={`${id}-number`}>{label}</label>
      <input id={`${id}-number`} type="number" min="1" value={value}
        onChange={(event) => set(Math.max(1, Math.round(event.currentTarget.valueAsNumber) || all[0]))} />
      <span class="unit">{unit}</span>
      <input type="range" min="0" max={all.length - 1} value={nearest(all, value)} aria-label={`${label}, slider`}
        aria-valuetext={`${value.toLocaleString("en")} ${unit}`}
        onInput={(event) => set(all[event.currentTarget.valueAsNumber])} />
    </div>
  );
}

// A value of a link is shown even if it is none of the choices, which are not known before the first figures are.
function Choice({ label, value, choices, set }) {
  const id = useId();
  const all = choices.some(([name]) => name === value) ? choices : [...choices, [value, value]];
  return (
    <div class="setting">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => set(event.currentTarget.value)}>
        {all.map(([name, text]) => <option value={name}>{text}</option>)}
      </select>
    </div>
  );
}

const kAcceptedMeans = "up to 1: the share of drafts that stand, each where all before it do; above 1: how many stand on average";

// Decode that drafts with the model's own prediction layers.
function Drafts({ state, update }) {
  const id = useId();
  const accept = (event) => event.currentTarget.valueAsNumber > 0 && update({ accepted: event.currentTarget.valueAsNumber });
  return (
    <>
      <Choice label="Drafts" value={String(state.draft)} set={(count) => update({ draft: Number(count) })}
        choices={[["0", "none"], ...kDrafts.map((count) => [String(count), `${count} a step`])]} />
      {state.draft > 0 &&
        <div class="setting">
          <label for={id}>Accepted</label>
          <input id={id} type="number" min="0" step="any" value={state.accepted} title={kAcceptedMeans} onChange={accept} />
          <span class="unit">{state.accepted > 1 ? "a step" : "share"}</span>
        </div>}
    </>
  );
}

const named = (names) => names.map((name) => [name, name]);

// `drafting`: whether one of the models can draft.
export function Settings({ state, update, known, drafting }) {
  const set = (key) => (value) => update({ [key]: value });
  return (
    <form class="settings" aria-label="Setting" onSubmit={(event) => event.preventDefault()}>
      <Slider label="Context" unit="tokens" all={kContexts} value={state.context} set={set("context")} />
      <Slider label="Batch" unit="sequences" all={kBatches} value={state.batch} set={set("batch")} />
      <Choice label="Weights" value={state.weights} set={set("weights")}
        choices={[["", "as published"], ...named(known.weights)]} />
      <Choice label="KV cache" value={state.kv} set={set("kv")} choices={named(known.kv)} />
      <Choice label="Hardware" value={state.on} set={set("on")}
        choices={[["", "none"], ...known.hardware.map(({ name, title }) => [name, title ? `${name}: ${title}` : name])]} />
      {state.on !== "" &&
        <Slider label="Devices" unit="together" all={kDevices} value={state.devices} set={set("devices")} />}
      {drafting && <Drafts state={state} update={update} />}
    </form>
  );
}
