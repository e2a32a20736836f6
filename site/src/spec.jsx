// A what-if by editing: the spec of a model as text, whose figures follow while one writes.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { faultsOf, nameIn } from "./intake.js";
import { Exports } from "./exports.jsx";
import { useAnswer } from "./hooks.jsx";
import { kMostCompared, machineOf, optionsOf } from "./state.js";
import { Table } from "./blocks.jsx";

const kPause = 150; // milliseconds without a key, after which the text is read

const withName = (toml, name) => toml.replace(/^(\s*name\s*=\s*)"[^"]*"/m, `$1"${name}"`);

function Editor({ core, state, update, model }) {
  const { answer: toml } = useAnswer(() => state.own[model] ?? core.run(["import", "--", model]), [model]);
  const [text, write] = useState(toml);
  const [faults, setFaults] = useState("");
  const area = useRef(null);
  const caret = useRef(null);
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
    if (changed === text) return;
    caret.current = area.current.selectionStart + changed.length - text.length;
    write(changed);
  };
  // The name stands above what is being changed, and gets longer.
  useLayoutEffect(() => {
    if (caret.current !== null) area.current.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [text]);
  useEffect(() => {
    const timer = setTimeout(take, kPause);
    return () => clearTimeout(timer);
  }, [text]);

  return (
    <>
      <Exports state={state} name={model} formats={{ toml: "TOML" }} ask={() => text} />
      <label class="unseen" for="spec">Spec of {model}</label>
      <textarea id="spec" ref={area} spellcheck={false} autocapitalize="off" value={text} aria-describedby="faults"
        aria-invalid={faults !== ""} onInput={(event) => write(event.currentTarget.value)} />
      <pre id="faults" class={faults === "" ? "good" : "refusal"} role="status">
        {faults === "" ? "This is a spec: its figures are below." : faults}</pre>
    </>
  );
}

function Outcome({ core, state, drafts, ask }) {
  const settings = { ...optionsOf(state), ...machineOf(state), ...drafts, only: "parameters,memory,decode" };
  const { answer, refusal } = useAnswer(() => core.page("compare", state.models, settings), [state]);
  if (refusal) return <pre class="refusal" role="alert">{refusal}</pre>;
  return <Table table={answer.blocks.find((block) => block.kind === "table")} ask={ask} label="figures side by side" />;
}

export function Spec({ core, state, update, drafts, ask }) {
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
      <Outcome core={core} state={state} drafts={drafts} ask={ask} />
    </>
  );
}
