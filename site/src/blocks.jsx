// The blocks of a report (reports/render/page.h) as elements.
import { Chart } from "./chart.jsx";

const cellClass = (column, cell) => [column.alignment, cell.emphasis].filter(Boolean).join(" ") || undefined;

// A figure that can be asked about is a button; `ask` gets the quantity, the model and the element.
function Figure({ cell, quantity, model, ask }) {
  const askable = ask && quantity && model && "value" in cell;
  if (!askable) return cell.text;
  return (
    <button type="button" class="figure" aria-haspopup="dialog" title={`how ${quantity} of ${model} comes about`}
      onClick={() => ask({ quantity, model })}>
      {cell.text}
    </button>
  );
}

function Cell({ cell, column, row, first, ask }) {
  const shown = <Figure cell={cell} quantity={row.quantity} model={column.joint ? "" : column.heading} ask={ask} />;
  return first
    ? <th scope="row" class={cellClass(column, cell)}>{cell.text}</th>
    : <td class={cellClass(column, cell)}>{shown}</td>;
}

// Rows below a group heading are a group of their own, as assistive technology reads it.
function groupsOf(rows) {
  const groups = [];
  for (const row of rows) {
    if ("group" in row || groups.length === 0) groups.push({ heading: row.group, rows: [] });
    if (!("group" in row)) groups.at(-1).rows.push(row);
  }
  return groups;
}

export function Table({ table, ask, label }) {
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={label}>
      <table>
        {table.caption && <caption>{table.caption}</caption>}
        <thead>
          <tr>
            {table.columns.map((column) =>
              column.heading === ""
                ? <td />
                : <th scope="col" class={column.alignment}>{column.heading}</th>)}
          </tr>
        </thead>
        {groupsOf(table.rows).map(({ heading, rows }) => (
          <tbody>
            {heading !== undefined &&
              <tr class="group"><th scope="rowgroup" colSpan={table.columns.length}>{heading}</th></tr>}
            {rows.map((row) => (
              <tr>
                {row.cells.map((cell, at) =>
                  <Cell cell={cell} column={table.columns[at]} row={row} first={at === 0} ask={ask} />)}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

// Drawn by the core; its texts are in it, so that they can be searched and read out.
export function Drawing({ svg, label }) {
  return (
    <div class="drawing" role="region" aria-label={label} tabIndex={0} dangerouslySetInnerHTML={{ __html: svg }} />
  );
}

function Block({ block, ask, label }) {
  switch (block.kind) {
    case "heading":
      return block.level === 2 ? <h2>{block.text}</h2> : <h3>{block.text}</h3>;
    case "paragraph":
      return <p class="said">{block.text}</p>;
    case "preformatted":
      return <pre tabIndex={0}>{block.text}</pre>;
    case "notes":
      return <ul class="notes">{block.lines.map((line) => <li>{line}</li>)}</ul>;
    case "diagram":
      return <Drawing svg={block.svg} label={label} />;
    case "chart":
      return <Chart chart={block} />;
    case "table":
      return <Table table={block} ask={ask} label={label} />;
  }
  throw new Error(`a block of an unknown kind: ${block.kind}`);
}

// What assistive technology calls each block by: its caption, or else the heading above it and its number,
// so that no two have one name.
function labelsOf(blocks, label) {
  let above = label;
  const given = new Map();
  return blocks.map((block) => {
    if (block.kind === "heading") above = block.text;
    if (block.kind === "heading" || block.kind === "paragraph") return "";
    const wanted = block.caption || above || block.kind;
    const count = (given.get(wanted) ?? 0) + 1;
    given.set(wanted, count);
    return count === 1 ? wanted : `${wanted}, ${count}`;
  });
}

export function Blocks({ blocks, ask, label }) {
  const labels = labelsOf(blocks, label);
  return <>{blocks.map((block, at) => <Block block={block} ask={ask} label={labels[at]} />)}</>;
}
