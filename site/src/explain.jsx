// Where a figure comes from: what 'llmarch eval --explain' says of it, and the operations of its step.
import { useEffect, useRef } from "preact/hooks";
import { Blocks } from "./blocks.jsx";
import { useAnswer } from "./hooks.jsx";
import { machineOf, optionsOf } from "./state.js";

// The step of which a quantity is the work, where it is one.
const stepOf = (quantity) =>
  quantity.endsWith("_parameters") ? ""
    : /^prefill_.*(flops|transcendentals|bytes|intensity)$/.test(quantity) ? "prefill"
    : /^(decode_|intensity$|attention_|feed_forward_|head_|norm_|projection_)/.test(quantity) ? "decode"
      : "";

export function Explanation({ core, state, asked, known, close }) {
  const dialog = useRef(null);
  useEffect(() => { dialog.current.showModal(); }, []);
  const { quantity, model } = asked;
  const step = stepOf(quantity);
  const options = optionsOf(state);
  const inputs = [quantity, model, state];
  const explained = useAnswer(
    () => core.page("eval", [`${quantity}(${model})`], { ...options, ...machineOf(state) }, ["--explain"]), inputs);
  const exact = useAnswer(
    () => core.page("eval", [`${quantity}(${model})`], { ...options, ...machineOf(state) }, ["--explain", "--exact"]), inputs);
  const operations = useAnswer(
    () => (step === "" ? null : core.page("show", [model], { ...options, ops: step })), inputs);
  const table = operations.answer?.blocks.findLast((block) => block.kind === "table");
  return (
    <dialog ref={dialog} class="explanation" aria-labelledby="explained" onClose={close}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}>
      <div class="inside">
        <header>
          <h2 id="explained"><code>{quantity}</code> of {model}</h2>
          <button type="button" onClick={() => dialog.current.close()}>Close</button>
        </header>
        <p>{known.quantities[quantity]}</p>
        {explained.refusal && <pre class="refusal" role="alert">{explained.refusal}</pre>}
        {explained.answer && <Blocks blocks={explained.answer.blocks} label="what each kind of layer adds" />}
        {exact.answer && <>
          <h3>To the unit</h3>
          <Blocks blocks={exact.answer.blocks.filter((block) => block.kind === "table")} label="to the unit" />
        </>}
        {table && <Blocks blocks={[table]} />}
      </div>
    </dialog>
  );
}
