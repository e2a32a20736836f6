// The studies that are built in: comparisons, and a verdict on each claim of an article.
import { useEffect, useState } from "preact/hooks";
import { Blocks } from "./blocks.jsx";
import { Exports } from "./exports.jsx";

export function Article({ core, state, update, known }) {
  const study = known.studies.find(({ name }) => name === state.study) ?? known.studies[0];
  const [page, setPage] = useState(null);
  // A frame is drawn first, since a study takes about half a second.
  useEffect(() => {
    setPage(null);
    const frame = requestAnimationFrame(() => setTimeout(() => setPage(core.page("report", [study.name]))));
    return () => cancelAnimationFrame(frame);
  }, [study.name]);
  return (
    <main id="main" class="article">
      <h1>{study.title}</h1>
      <div class="choose">
        <label>Study <select value={study.name} onChange={(event) => update({ study: event.currentTarget.value })}>
          {known.studies.map(({ name, title }) => <option value={name}>{title}</option>)}
        </select></label>
      </div>
      <Exports state={state} name={study.name} formats={{ md: "Markdown", csv: "CSV", json: "JSON" }}
        ask={(format) => core.ask("report", [study.name], { format })} />
      {page === null ? <p role="status">Computing every figure…</p> : <>
        <style>{page.style}</style>
        <Blocks blocks={page.blocks} />
      </>}
    </main>
  );
}
