// A what-if by editing: the spec of a model as text, whose figures follow while one writes.
import { useEffect, useState } from "preact/hooks";
import { nameIn } from "./intake.js";
import { download, useAnswer } from "./hooks.js";
import { kMostCompared, optionsOf } from "./state.js";
import { Table } from "./blocks.jsx";

const kPause = 150; // milliseconds without a key, after which the text is read

const withName = (toml, name) => toml.replace(/^(\s*name\s*=\s*)"[^"]*"/m, `$1"${name}"`);

// What llmarch has to say of the text; empty where it is a spec.
function faultsOf(core, toml) {
  const file = "/spec.toml";
  try {
    core.run(["check", "--", file], { [file]: toml });
    return nameIn(toml) === undefined ? 'name = "..." is missing' : "";
  } catch (refusal) {
    return refusal.message;
  }
}

function Editor({ core, state, update, model }) {
  const { answer: toml } = useAnswer(() => state.own[model] ?? core.run(["import", "--", model]), [model]);
  const [text, write] = useState(toml);
  const [faults, setFaults] = useState("");
  useEffect(() => { if (!(model in state.own) || nameIn(text) !== model) write(toml); }, [model]);

  // The text becomes a model of its own beside the one it was made from, or in its place.
  const take = () => {
    if (text === toml || text === state.own[model]) return;
    const known = model in state.own;
    const changed = known ? text : withName(text, nameIn(text) === nameIn(toml) ? `${nameIn(toml)}-edited` : nameIn(text));
    const found = faultsOf(core, changed);
    setFaults(found);
    if (found !== "") return;
    const name = nameIn(changed);
    const { [known ? model : name]: _old, ...others } = state.own;
    const room = !known && state.models.length < kMostCompared;
    const models = state.models.flatMap((other) => (other !== model ? [other] : room ? [model, name] : [name]));
    update({ own: { ...others, [name]: changed }, models: [...new Set(models)], edited: name });
    if (changed !== text) write(changed);
  };
  useEffect(() => {
    const timer = setTimeout(take, kPause);
    return () => clearTimeout(timer);
  }, [text]);

  return (
    <>
      <p class="exports">
        <button type="button" class="quiet" data-export="toml"
          onClick={() => download(`${model}.toml`, text, "application/toml")}>Spec as TOML</button>
      </p>
      <label class="unseen" for="spec">Spec of {model}</label>
      <textarea id="spec" spellcheck={false} autocapitalize="off" value={text} aria-describedby="faults"
        aria-invalid={faults !== ""} onInput={(event) => write(event.currentTarget.value)} />
      <pre id="faults" class={faults === "" ? "good" : "refusal"} role="status">
        {faults === "" ? "This is a spec: its figures are below." : faults}</pre>
    </>
  );
}

function Outcome({ core, state, ask }) {
  const { answer, refusal } = useAnswer(
    () => core.page("compare", state.models, { ...optionsOf(state), only: "parameters,memory,decode" }), [state]);
  if (refusal) return <pre class="refusal" role="alert">{refusal}</pre>;
  return <Table table={answer.blocks.find((block) => block.kind === "table")} ask={ask} label="figures side by side" />;
}

export function Spec({ core, state, update, ask }) {
  const edited = state.models.includes(state.edited) ? state.edited : state.models[0];
  return (
    <>
      <div class="choose">
        <label>Spec of <select value={edited} onChange={(event) => update({ edited: event.currentTarget.value })}>
          {state.models.map((name) => <option value={name}>{name}</option>)}
        </select></label>
      </div>
      <p class="said">Change a number, and the model with the change stands beside the one it was made from.</p>
      <Editor core={core} state={state} update={update} model={edited} />
      <Outcome core={core} state={state} ask={ask} />
    </>
  );
}
