import { lazy, Suspense, useMemo } from "react";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Text } from "./text";
import { Loading } from "./ui";

const Markdown = lazy(() => import("./markdown"));

type Output = { output_type?: string; text?: unknown; data?: Record<string, unknown>; ename?: unknown; evalue?: unknown; traceback?: unknown };
type Cell = { cell_type?: string; source?: unknown; outputs?: unknown; execution_count?: unknown };

/** Cells that are shown. */
const MOST = 500;
/** Characters of a cell or of an output. */
const LONGEST = 100_000;
const ESCAPES = /\u001b\[[0-9;]*[A-Za-z]/g;

/** The parts of a text that is one, or a list of lines. */
const joined = (value: unknown): string => (Array.isArray(value) ? value.map(String).join("") : value == null ? "" : String(value));

/** The cells of a notebook, if it is one. */
export function cellsOf(text: string): Cell[] | null {
  try {
    const notebook = JSON.parse(text) as { cells?: unknown };
    return Array.isArray(notebook.cells) ? notebook.cells.filter((cell): cell is Cell => typeof cell === "object" && cell !== null) : null;
  } catch {
    return null;
  }
}

/** A notebook with what its cells put out, as text and pictures: nothing of it runs. */
export default function Notebook({ name, cells }: { name: string; cells: Cell[] }) {
  const t = useTexts();
  const shown = useMemo(() => cells.slice(0, MOST), [cells]);
  return (
    <div className={page.document} role="group" aria-label={name}>
      <Suspense fallback={<Loading />}>
        {shown.map((cell, index) => (
          <section key={index} aria-label={t.job.outputs.cell(index + 1)}>
            {cell.cell_type === "markdown" ? <Markdown text={joined(cell.source)} /> : <Pre text={joined(cell.source)} label={t.job.outputs.code} />}
            {Array.isArray(cell.outputs) && cell.outputs.map((output, number) => <Put key={number} output={(output ?? {}) as Output} label={t.job.outputs.cellOutput(index + 1)} />)}
          </section>
        ))}
      </Suspense>
      {cells.length > MOST && <p>…</p>}
    </div>
  );
}

function Pre({ text, label }: { text: string; label: string }) {
  return text === "" ? null : <pre className={page.text} tabIndex={0} role="group" aria-label={label}><Text value={text.replace(ESCAPES, "")} max={LONGEST} /></pre>;
}

/** What a cell put out: a picture, or what there is of it as text. */
function Put({ output, label }: { output: Output; label: string }) {
  const { data = {} } = output;
  const picture = ["image/png", "image/jpeg"].find((type) => /^[A-Za-z0-9+/=\s]+$/.test(joined(data[type])));
  if (picture) return <img className={page.image} alt={label} src={`data:${picture};base64,${joined(data[picture]).replace(/\s/g, "")}`} />;
  if (data["image/svg+xml"]) return <img className={page.image} alt={label} src={`data:image/svg+xml,${encodeURIComponent(joined(data["image/svg+xml"]))}`} />;
  if (output.output_type === "error") return <Pre label={label} text={joined(output.traceback) || `${joined(output.ename)}: ${joined(output.evalue)}`} />;
  const text = [output.text, data["text/plain"], data["text/markdown"], data["text/html"]].map(joined).find((text) => text !== "");
  return <Pre label={label} text={text ?? ""} />;
}
