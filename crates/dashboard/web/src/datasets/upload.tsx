import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { projectUrl, type Schemas, upload } from "../api/client";
import { randomId } from "../api/ids";
import { usePlace } from "../app/shell";
import { useWhyNot } from "../app/session";
import form from "../submit/submit.module.css";
import { useTexts } from "../texts";
import { plain } from "../ui/text";
import { Button, cx, Problem } from "../ui/ui";

export type Dataset = Schemas["DatasetAnswer"];

/** A place to drop a file on, or to choose one: it becomes a new dataset. */
export function Upload({ done, children }: { done: (dataset: Dataset) => void; children?: ReactNode }) {
  const t = useTexts();
  const place = usePlace();
  const client = useQueryClient();
  const why = useWhyNot("submitter");
  const input = useRef<HTMLInputElement>(null);
  const stop = useRef<AbortController | null>(null);
  // Whoever went to another page meanwhile stays there.
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => void (here.current = false);
  }, []);
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<{ name: string; share: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const send = async (file: File | undefined) => {
    if (!file || why || sending) return;
    setError(null);
    setSending({ name: file.name, share: 0 });
    stop.current = new AbortController();
    try {
      const url = projectUrl(place, `datasets/${randomId()}?name=${encodeURIComponent(file.name)}`);
      const dataset = (await upload(url, file, (share) => setSending({ name: file.name, share }), stop.current.signal)) as Dataset;
      await client.invalidateQueries({ queryKey: ["datasets"] });
      if (here.current) done(dataset);
    } catch (failure) {
      if (!(failure instanceof DOMException && failure.name === "AbortError")) setError(failure);
    }
    setSending(null);
  };
  return (
    <>
      <div
        className={cx(form.drop, over && form.over)}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void send(event.dataTransfer.files[0]);
        }}
      >
        {sending ? (
          <>
            <span role="status">{t.dataset.uploading(plain(sending.name, 60), Math.floor(sending.share * 100))}</span>
            <progress value={sending.share} aria-label={t.dataset.uploading(plain(sending.name, 60), Math.floor(sending.share * 100))} />
            <Button onClick={() => stop.current?.abort()}>{t.dataset.stop}</Button>
          </>
        ) : (
          <>
            {children}
            <span>{t.dataset.drop}</span>
            <Button why={why} onClick={() => input.current?.click()}>{t.dataset.upload}</Button>
          </>
        )}
        <input ref={input} type="file" hidden data-upload="" onChange={(event) => {
          void send(event.target.files?.[0]);
          event.target.value = "";
        }} />
      </div>
      {error !== null && <Problem error={error} />}
    </>
  );
}
