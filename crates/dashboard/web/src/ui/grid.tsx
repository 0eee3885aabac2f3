import type { ReactNode } from "react";
import page from "../job/job.module.css";
import { cx, styles } from "./ui";

/** A table that scrolls by itself where it is wider than what shows it. */
export function Grid({ label, columns, children }: { label: string; columns: string[]; children: ReactNode }) {
  return (
    <div className={cx(styles.gridFrame, styles.sideways)} tabIndex={0} role="group" aria-label={label}>
      <table className={page.grid}>
        <thead><tr>{columns.map((column, index) => (column === "" ? <td key={index} /> : <th key={index} scope="col">{column}</th>))}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** Names and what they stand for. */
export function Facts({ title, rows }: { title: string; rows: [string, ReactNode][] }) {
  return (
    <>
      <h2>{title}</h2>
      <dl className={page.facts}>{rows.map(([name, value]) => [<dt key={`${name}-name`}>{name}</dt>, <dd key={name}>{value}</dd>])}</dl>
    </>
  );
}
