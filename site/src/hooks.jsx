// What several parts of the page do in the same way.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Refusal } from "./core.js";

// What `ask` returns, or how it was refused: { answer } or { refusal }. Asked again where `inputs` change.
export function useAnswer(ask, inputs) {
  return useMemo(() => {
    try {
      return { answer: ask() };
    } catch (error) {
      if (error instanceof Refusal || error.status) return { refusal: error.message };
      throw error;
    }
  }, inputs);
}

// Calls `work` in a task of its own, after what others put off before.
let last = Promise.resolve();
const inTurn = (work) => {
  last = last.then(() => new Promise((done) => setTimeout(() => done(work()))));
};

// Whether the element has come near the part of the page that is seen. Of several that come at once, one after
// another says so, since each then asks the core for its figures: the browser draws the first ones while the
// others wait, and not all of them after the last.
export function useSeen() {
  const element = useRef(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      ([entry]) => entry.isIntersecting && (inTurn(() => setSeen(true)), observer.disconnect()),
      { rootMargin: "300px" },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, seen];
}

// A link within the page, which leaves everything as it is but what `to` says. In a tab of its own it opens
// as its address says.
export function Link({ update, to, children, ...rest }) {
  const models = to.models ? `&models=${to.models.map(encodeURIComponent).join(",")}` : "";
  const go = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    update(to);
  };
  return <a href={`#${to.view}?tab=${to.tab ?? "figures"}${models}`} onClick={go} {...rest}>{children}</a>;
}
