// Buttons that write what is seen, as the command would, and one that copies its link.
import { useEffect, useState } from "preact/hooks";
import { toHash } from "./state.js";

const kTypes = { md: "text/markdown", csv: "text/csv", svg: "image/svg+xml", json: "application/json", toml: "application/toml" };

function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// `formats` are endings and their texts; `ask` gets an ending and returns the file.
export function Exports({ name, formats, ask, state }) {
  const [said, say] = useState("");
  const copy = async () => {
    const link = new URL(await toHash(state), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      say("Link copied");
    } catch {
      say("The address of this page is the link");
    }
  };
  useEffect(() => {
    const timer = setTimeout(() => say(""), 2500);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <p class="exports">
      {Object.entries(formats).map(([format, text]) => (
        <button type="button" class="quiet" data-export={format}
          onClick={() => download(`${name}.${format}`, ask(format), kTypes[format])}>{text}</button>
      ))}
      <button type="button" class="quiet" onClick={copy}>Copy link</button>
      <span role="status">{said}</span>
    </p>
  );
}
