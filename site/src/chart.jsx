// Curves over a length in tokens, with a pointer that says what each comes to where it stands. Ticks, marks
// and every text are the core's; this file only places them.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

const kLeft = 76;
const kRight = 14;
const kTop = 14;
const kBottom = 44;

// From values of an axis to pixels, and back.
function scaleOf(axis, values, from, to) {
  const put = axis.logarithmic ? Math.log : (value) => value;
  const take = axis.logarithmic ? Math.exp : (value) => value;
  const shown = [...values, ...axis.ticks.map((tick) => tick.value)].filter((value) => !axis.logarithmic || value > 0);
  const low = put(Math.min(...shown));
  const high = put(Math.max(...shown));
  const span = high === low ? 1 : high - low;
  return {
    at: (value) => from + ((put(value) - low) / span) * (to - from),
    of: (pixel) => take(low + ((pixel - from) / (to - from)) * span),
    shows: (value) => !axis.logarithmic || value > 0,
  };
}

function useWidth() {
  const element = useRef(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(280, Math.round(entry.contentRect.width))));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

const pathOf = (series, x, y) => {
  let path = "";
  let pen = "M";
  series.x.forEach((value, at) => {
    if (!y.shows(series.y[at])) return (pen = "M");
    path += `${pen}${x.at(value).toFixed(1)} ${y.at(series.y[at]).toFixed(1)}`;
    pen = "L";
  });
  return path;
};

// The label that a mark of the same place already has, is not written over it.
function labelled(marks, x) {
  let free = -Infinity;
  return [...marks].sort((one, other) => one.x - other.x).map((mark) => {
    const at = x.at(mark.x);
    const shown = at > free;
    if (shown) free = at + 8 * mark.text.length + 10;
    return { ...mark, shown };
  });
}

// `pointed` is the length under the pointer, or null; `point` is told of it. `readout` are the figures there:
// [{ label, text, value }].
export function Chart({ chart, pointed = null, point, readout = [] }) {
  const [element, width] = useWidth();
  const height = Math.round(Math.min(420, Math.max(240, width * 0.5)));
  const [x, y] = useMemo(() => [
    scaleOf(chart.x, chart.series.flatMap((series) => series.x), kLeft, width - kRight),
    scaleOf(chart.y, chart.series.flatMap((series) => series.y), height - kBottom, kTop),
  ], [chart, width, height]);
  const ends = chart.series[0]?.x ?? [1, 1];
  const clamp = (value) => Math.min(ends.at(-1), Math.max(ends[0], Math.round(value)));
  const moved = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    point?.(clamp(x.of(event.clientX - box.left)));
  };
  // Arrows move by a hundredth of the axis, and to the next crossing with Shift.
  const pressed = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !point) return;
    event.preventDefault();
    const here = pointed ?? ends[0];
    const crossings = chart.marks.map((mark) => mark.x).sort((one, other) => one - other);
    const next = step > 0 ? crossings.find((at) => at > here) : crossings.findLast((at) => at < here);
    const along = clamp(x.of(x.at(here) + (step * (width - kLeft - kRight)) / 100));
    point(event.shiftKey && next !== undefined ? next : along === here ? clamp(here + step) : along);
  };
  return (
    <figure class="chart" ref={element}>
      {chart.caption && <figcaption>{chart.caption}</figcaption>}
      <svg width={width} height={height} tabindex={point ? 0 : undefined} role="img"
        aria-label={`${chart.caption || chart.y.label}: ${chart.series.map((one) => one.label).join(", ")}. Arrow keys move the pointer, with Shift to the next crossing.`}
        onPointerMove={moved} onPointerDown={moved} onKeyDown={pressed}>
        {chart.y.ticks.map((tick) => (
          <g>
            <line class="grid" x1={kLeft} x2={width - kRight} y1={y.at(tick.value)} y2={y.at(tick.value)} />
            <text class="tick" x={kLeft - 8} y={y.at(tick.value) + 4} text-anchor="end">{tick.text}</text>
          </g>
        ))}
        {chart.x.ticks.map((tick) => (
          <g>
            <line class="grid" x1={x.at(tick.value)} x2={x.at(tick.value)} y1={kTop} y2={height - kBottom} />
            <text class="tick" x={x.at(tick.value)} y={height - kBottom + 18} text-anchor="middle">{tick.text}</text>
          </g>
        ))}
        <text class="tick" x={(kLeft + width - kRight) / 2} y={height - 6} text-anchor="middle">{chart.x.label}</text>
        {chart.series.map((series, at) => <path class={`series s${at + 1}`} d={pathOf(series, x, y)} />)}
        {labelled(chart.marks, x).map((mark) => (
          <g class={mark.x === pointed ? "mark pointed" : "mark"}>
            <circle cx={x.at(mark.x)} cy={y.at(mark.y)} r="4.5" />
            {mark.shown && <text class="halo" x={x.at(mark.x) + 8} y={y.at(mark.y) - 8}>{mark.text}</text>}
          </g>
        ))}
        {pointed !== null && (
          <g class="pointer">
            <line x1={x.at(pointed)} x2={x.at(pointed)} y1={kTop} y2={height - kBottom} />
            {readout.map((one, at) =>
              y.shows(one.value) && <circle class={`dot s${at + 1}`} cx={x.at(pointed)} cy={y.at(one.value)} r="4" />)}
          </g>
        )}
      </svg>
    </figure>
  );
}
