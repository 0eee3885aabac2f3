import { type ButtonHTMLAttributes, type ReactNode, useId } from "react";
import { Offline, Refusal } from "../api/client";
import { useTexts } from "../texts";
import { Text } from "./text";
import styles from "./ui.module.css";

export { styles };

export const cx = (...names: (string | false | null | undefined)[]) => names.filter(Boolean).join(" ");

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: "primary" | "danger";
  /** Why it cannot be used now; it can be reached all the same, and says so. */
  why?: string | null;
};

export function Button({ look, why, onClick, children, className, type = "button", ...rest }: ButtonProps) {
  const id = useId();
  const button = (
    <button
      {...rest}
      type={type}
      className={cx(styles.button, look && styles[look], className)}
      aria-disabled={why ? true : undefined}
      aria-describedby={why ? id : rest["aria-describedby"]}
      onClick={why ? (event) => event.preventDefault() : onClick}
    >
      {children}
    </button>
  );
  if (!why) return button;
  return (
    <span className={styles.withWhy}>
      {button}
      <span id={id} className={styles.why}>{why}</span>
    </span>
  );
}

const SHAPES: Record<string, ReactNode> = {
  Queued: <><circle cx="8" cy="8" r="6.2" /><path d="M8 4.5V8l2.4 1.6" /></>,
  Running: <><path className={styles.spin} d="M8 1.8a6.2 6.2 0 1 1-6.2 6.2" /><path d="M6.6 5.4 10.8 8l-4.2 2.6z" fill="currentColor" /></>,
  Completed: <><circle cx="8" cy="8" r="6.2" /><path d="m5 8.2 2.1 2.1L11 6.2" /></>,
  Failed: <><path d="M5.3 1.8h5.4l3.5 3.5v5.4l-3.5 3.5H5.3l-3.5-3.5V5.3z" /><path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" /></>,
  Cancelled: <><circle cx="8" cy="8" r="6.2" /><path d="m3.8 12.2 8.4-8.4" /></>,
};

export type JobState = "Queued" | "Running" | "Completed" | "Failed" | "Cancelled";

/** A state by shape and word, and by colour for those who see it. */
export function State({ state, cancelling, short }: { state: JobState; cancelling?: boolean; short?: boolean }) {
  const t = useTexts();
  return (
    <span className={cx(styles.state, styles[state])}>
      <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">{SHAPES[state]}</svg>
      {!short && (cancelling ? t.state.cancelling : t.state[state])}
    </span>
  );
}

export function Loading() {
  const t = useTexts();
  return (
    <div className={styles.loading} role="status">
      <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
        <path className={styles.spin} d="M8 1.8a6.2 6.2 0 1 1-6.2 6.2" />
      </svg>
      {t.common.loading}
    </div>
  );
}

/** What went wrong, in the server's words. */
export function Problem({ error, retry, faults = true }: { error: unknown; retry?: () => void; faults?: boolean }) {
  const t = useTexts();
  const offline = error instanceof Offline;
  const refusal = error instanceof Refusal ? error : null;
  const listed = faults ? (refusal?.faults ?? []) : [];
  return (
    <div className={styles.problem} role="alert">
      <p>{offline ? t.common.offline : <Text value={error instanceof Error ? error.message : String(error)} />}</p>
      {listed.length > 0 && (
        <ul>
          {listed.map((fault, index) => (
            <li key={index}>
              <code><Text value={fault.pointer} max={200} /></code>: <Text value={fault.message} />
            </li>
          ))}
        </ul>
      )}
      {refusal && <small>{refusal.code}{refusal.requestId && ` · ${t.common.request(refusal.requestId)}`}</small>}
      {retry && <div><Button onClick={retry}>{t.common.retry}</Button></div>}
    </div>
  );
}

type FieldProps = {
  label: ReactNode;
  hint?: ReactNode;
  fault?: string | null;
  children: (props: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ReactNode;
};

/** A control with its name, what to know of it, and what is wrong with it. */
export function Field({ label, hint, fault, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {hint && <span id={`${id}-hint`} className={styles.hint}>{hint}</span>}
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": fault ? true : undefined })}
      {fault && <span id={`${id}-fault`} className={styles.fault}><Text value={fault} /></span>}
    </div>
  );
}

export function Check({ label, checked, onChange }: { label: ReactNode; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label className={styles.check}>
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>{label}</span>
    </label>
  );
}

/** A share of a whole as a bar, whose figures stand beside it. */
export function Bar({ from = 0, to, tone = "accent" }: { from?: number; to: number; tone?: string }) {
  const clamp = (value: number) => Math.max(0, Math.min(1, Number.isFinite(value) ? value : 0)) * 100;
  const start = clamp(from);
  return (
    <svg className={styles.meter} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect width="100" height="8" rx="1" fill="var(--raised)" />
      <rect x={start} width={Math.max(clamp(to) - start, 0.6)} height="8" rx="1" fill={`var(--${tone})`} />
    </svg>
  );
}
