import { type ReactNode, useState } from "react";
import { useTexts } from "../texts";
import Dialog from "./dialog";
import { Button, Problem, styles } from "./ui";

/** What was done has something to show first. */
export const STAY = Symbol("stay");

type AskProps = { title: string; submit: string; look?: "primary" | "danger"; why?: string | null; act: () => Promise<unknown>; close: () => void; children: ReactNode };

/** A question whose answer does something: what goes wrong is said where it was asked. */
export default function Ask({ title, submit, look = "primary", why, act, close, children }: AskProps) {
  const t = useTexts();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    if (busy || why) return;
    setBusy(true);
    setError(null);
    try {
      if ((await act()) !== STAY) close();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} close={close}>
      <form className={styles.ask} noValidate onSubmit={(event) => { event.preventDefault(); event.stopPropagation(); void send(); }}>
        {children}
        {error !== null && <Problem error={error} />}
        <div className={`${styles.row} ${styles.rowEnd}`}>
          <Button onClick={close}>{t.common.cancel}</Button>
          <Button type="submit" look={look} why={why} aria-busy={busy}>{submit}</Button>
        </div>
      </form>
    </Dialog>
  );
}
