// Up to four models side by side: their figures, curves over the context, blocks and specs.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Blocks, Drawing, Table } from "./blocks.jsx";
import { Chart } from "./chart.jsx";
import { Explanation } from "./explain.jsx";
import { Exports } from "./exports.jsx";
import { Link, useAnswer } from "./hooks.jsx";
import { Settings } from "./settings.jsx";
import { Spec } from "./spec.jsx";
import { draftsOf, kMostCompared, kTabs, machineOf, optionsOf } from "./state.js";

const kSections = "parameters,memory,decode,prefill";

function Figures({ core, state, update, drafts, ask }) {
  const { models } = state;
  const structure = useAnswer(() => core.page("compare", models, { only: "structure" }), [models, state.own]);
  const settings = { ...optionsOf(state), ...machineOf(state), ...drafts };
  const wide = structure.answer?.blocks.find((block) => block.kind === "table");
  // An element that is the same as before is not looked at again, which a drag has no time for.
  const shown = useMemo(() => wide?.rows.length > 0 && <Table table={wide} label="structure side by side" />, [wide]);
  const more = state.exact ? ["--exact"] : [];
  const { answer, refusal } = useAnswer(
    () => core.page("compare", models, { ...settings, only: kSections }, more), [models, state]);
  if (refusal) return <pre class="refusal" role="alert">{refusal}</pre>;
  const [said, table, notes] = answer.blocks;
  return (
    <>
      <Exports state={state} name={models.join("-")} formats={{ md: "Markdown", csv: "CSV", json: "JSON" }}
        ask={(format) => core.ask("compare", models, { ...settings, format }, more)} />
      <p class="said" aria-live="off">{said.text}</p>
      <label class="tick"><input type="checkbox" checked={state.exact}
        onChange={(event) => update({ exact: event.currentTarget.checked })} /> to the unit</label>
      <Table table={table} ask={ask} label="figures side by side" />
      {shown}
      <Blocks blocks={[notes]} />
    </>
  );
}

const kEnds = [[32768, "32k"], [131072, "128k"], [1 << 20, "1M"]];
const kPointsOfCurve = 240;

// Contexts from 1k to the end, evenly spread on a logarithmic axis.
function contextsTo(end) {
  const all = new Set();
  for (let at = 0; at <= kPointsOfCurve; ++at) all.add(Math.round(1024 * (end / 1024) ** (at / kPointsOfCurve)));
  return [...all];
}

// The chart of a sweep, with a point for each pair of pixels instead of those of the table.
function useCurves(core, state, settings) {
  const { models, show } = state;
  const inputs = [models, show, state];
  const report = useAnswer(
    () => core.page("sweep", models, { ...settings, context: `1k..${state.upTo}:x2` }), inputs);
  const curves = useAnswer(() => {
    const contexts = contextsTo(state.upTo);
    const figures = core.sweep(models, { ...settings, context: contexts.join(",") });
    return models.map((_model, line) => ({
      x: contexts,
      y: Array.from(figures.subarray(line * contexts.length, (line + 1) * contexts.length)),
    }));
  }, inputs);
  const chart = useMemo(() => {
    const drawn = report.answer?.blocks.find((block) => block.kind === "chart");
    if (!drawn || !curves.answer) return null;
    return { ...drawn, series: drawn.series.map((series, at) => ({ ...series, ...curves.answer[at] })) };
  }, [report.answer, curves.answer]);
  return { chart, report: report.answer, refusal: report.refusal ?? curves.refusal };
}

// The quantities that can be drawn here, where no deployment can be said. What each needs stands at the end of
// its meaning, as the options of a command.
const offered = (quantities) => Object.entries(quantities).filter(([, meaning]) => !/--(parallel|host)\)$/.test(meaning));

function Curves({ core, state, update, known, drafts }) {
  const { models, show } = state;
  const [pointed, point] = useState(state.context);
  useEffect(() => point(state.context), [state.context]);
  const settings = { ...optionsOf(state), ...machineOf(state), ...drafts, show };
  const { chart, report, refusal } = useCurves(core, state, settings);
  const at = Math.min(state.upTo, Math.max(1024, pointed));
  const { answer: here } = useAnswer(() => core.page("sweep", models, { ...settings, context: at }), [models, show, state, at]);
  // One line has its figures in a table of quantities, and what never varies in one of lines: the figure of
  // a model stands under its name, or alone.
  const row = here?.blocks.find((block) => block.kind === "table")?.rows[0];
  const readout = models.map((model, line) => ({ label: model, ...row?.cells[line + 1] }));
  const swept = (format) =>
    core.ask("sweep", models, { ...settings, context: `1k..${state.upTo}:x2`, format });
  const tables = report?.blocks.filter((block) => block.kind === "table" || block.kind === "notes") ?? [];
  return (
    <>
      <Exports state={state} name={`${show}-${models.join("-")}`} formats={{ md: "Markdown", csv: "CSV", svg: "SVG", json: "JSON" }} ask={swept} />
      <div class="choose">
        <label>Figure <select value={show} onChange={(event) => update({ show: event.currentTarget.value })}>
          {offered(known.quantities).map(([name, meaning]) => (
            <option value={name} disabled={state.on === "" && meaning.endsWith("(--on)")}>{name}</option>
          ))}
        </select></label>
        <label>up to <select value={state.upTo} onChange={(event) => update({ upTo: Number(event.currentTarget.value) })}>
          {kEnds.map(([end, text]) => <option value={end}>{text}</option>)}
        </select></label>
      </div>
      <p class="said">{known.quantities[show]}</p>
      {refusal && <pre class="refusal" role="alert">{refusal}</pre>}
      {chart && <>
        <Chart chart={{ ...chart, caption: "" }} pointed={at} point={point} readout={readout} />
        <ul class="readout" aria-live="polite">
          <li class="at">at {at.toLocaleString("en")} tokens</li>
          {readout.map((one, line) => <li><i class={`key s${line + 1}`} />{one.label} <b>{one.text}</b></li>)}
        </ul>
        {chart.marks.length > 0 &&
          <p class="crossings">Crossings: {chart.marks.map((mark) => (
            <button type="button" class="figure" onClick={() => point(mark.x)}>{mark.text}</button>
          ))}</p>}
      </>}
      <Blocks blocks={tables} />
    </>
  );
}

function Structure({ core, state }) {
  const { models } = state;
  const { answer, refusal } = useAnswer(() => core.page("compare", models, { only: "structure" }), [models, state.own]);
  if (refusal) return <pre class="refusal" role="alert">{refusal}</pre>;
  const drawn = answer.blocks.find((block) => block.kind === "diagram");
  return (
    <>
      <Exports state={state} name={`blocks-${models.join("-")}`} formats={{ svg: "SVG", md: "Markdown" }}
        ask={(format) => core.ask("compare", models, { only: "structure", format })} />
      <style>{answer.style}</style>
      <Drawing svg={drawn.svg} label={drawn.caption || "Blocks side by side"} />
      <Blocks blocks={answer.blocks.filter((block) => block.kind === "table")} label="structure side by side" />
    </>
  );
}

// Chosen models, each to be left out; and a box to add one by its name, with changes: "gpt2+hidden=1024".
function Chosen({ state, update, known, give }) {
  const { models } = state;
  const box = useRef(null);
  const add = (event) => {
    event.preventDefault();
    const name = box.current.value.trim();
    if (name === "" || models.includes(name)) return;
    update({ models: [...models, name] });
    box.current.value = "";
  };
  return (
    <div class="chosen-models">
      <ul>
        {models.map((name, at) => (
          <li><i class={`key s${at + 1}`} />{name}
            <button type="button" class="quiet" aria-label={`Leave out ${name}`}
              onClick={() => update({ models: models.filter((other) => other !== name) })}>×</button></li>
        ))}
      </ul>
      {models.length < kMostCompared &&
        <form onSubmit={add}>
          <label class="unseen" for="add">Add a model</label>
          <input id="add" list="known" ref={box} placeholder="add a model" autocomplete="off"
            onChange={(event) => known.models.includes(event.currentTarget.value) && add(event)} />
          <datalist id="known">{known.models.map((name) => <option value={name} />)}</datalist>
          <button type="submit">Add</button>
        </form>}
      <label class="file button">Open a config.json, GGUF or spec
        <input type="file" accept=".json,.gguf,.toml" onChange={(event) => give(event.currentTarget.files)} /></label>
    </div>
  );
}

const kTabTexts = { figures: "Figures", curves: "Curves", blocks: "Blocks", spec: "Spec" };

// Tabs as the ARIA practices describe them: one is in the order of Tab, arrows go to the others.
function Tabs({ tab, update }) {
  const pressed = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const next = kTabs[(kTabs.indexOf(tab) + step + kTabs.length) % kTabs.length];
    update({ tab: next });
    document.getElementById(`tab-${next}`).focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="What is shown" onKeyDown={pressed}>
      {kTabs.map((name) => (
        <button type="button" role="tab" id={`tab-${name}`} aria-selected={name === tab} aria-controls="panel"
          tabIndex={name === tab ? 0 : -1} onClick={() => update({ tab: name })}>{kTabTexts[name]}</button>
      ))}
    </div>
  );
}

// Whether one of the models has prediction layers. Where none has, the core refuses drafts, and they wait in
// the state until there is one.
const useDrafting = (core, { models, own }) =>
  useAnswer(
    () => models.some((model) => "prediction_kv_bytes_per_token" in (core.json("show", [model]).beside ?? {})),
    [models, own],
  ).answer ?? false;

export function Compare({ core, state, update, known, give }) {
  const [asked, ask] = useState(null);
  const drafting = useDrafting(core, state);
  const shared = { core, state, update, known, drafts: drafting ? draftsOf(state) : {} };
  const panels = { figures: Figures, curves: Curves, blocks: Structure, spec: Spec };
  const Panel = panels[state.tab];
  return (
    <main id="main" class="compare">
      <h1 class="unseen">Compare</h1>
      <Chosen state={state} update={update} known={known} give={give} />
      {state.models.length === 0
        ? <p>Choose models above, or drop a file here. <Link update={update} to={{ view: "models" }}>All models</Link></p>
        : <>
          {state.tab !== "blocks" && <Settings state={state} update={update} known={known} drafting={drafting} />}
          <Tabs tab={state.tab} update={update} />
          <div id="panel" role="tabpanel" aria-labelledby={`tab-${state.tab}`}>
            <Panel {...shared} ask={ask} />
          </div>
        </>}
      {asked && <Explanation core={core} state={state} asked={asked} known={known} close={() => ask(null)} />}
    </main>
  );
}
