import { useState } from "react";
import { useTexts } from "../texts";
import { Button } from "./ui";

/** Copies a text, and says that it did. Without TLS browsers do not let pages copy; then there is no button. */
export function Copy({ text, label }: { text: string; label?: string }) {
  const t = useTexts();
  const [done, setDone] = useState(false);
  if (!navigator.clipboard) return null;
  const copy = () =>
    void navigator.clipboard.writeText(text).then(() => {
      setDone(true);
      window.setTimeout(() => setDone(false), 2_000);
    });
  return <Button onClick={copy} aria-live="polite">{done ? t.common.copied : (label ?? t.common.copy)}</Button>;
}
