import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { Place } from "../api/client";
import { useTexts } from "../texts";
import Ask from "../ui/ask";
import { plain, Text } from "../ui/text";
import { Check, Field, styles } from "../ui/ui";
import { type Content, forget, keep, type Kind, type Saved, savedKey, useSaved } from "./data";

type SaveProps = { title: string; place: Place; kind: Kind; content: Content; first?: string; close: () => void; done?: (name: string) => void; children?: ReactNode };

/** Asks for a name. What has it already is replaced only when somebody says so, who sees whose it is. */
export function Save({ title, place, kind, content, first = "", close, done, children }: SaveProps) {
  const t = useTexts();
  const words = t.saved;
  const client = useQueryClient();
  const known = useSaved(place, kind);
  const [name, setName] = useState(first);
  const [sure, setSure] = useState(false);
  const chosen = name.trim();
  const present = known.data?.find((item) => item.name === chosen);
  const why = chosen === "" ? words.needsName : present && !sure ? words.needsSure : null;
  const act = async () => {
    try {
      await keep(place, kind, chosen, content, present);
    } finally {
      // Also when somebody else was faster: what they kept is shown then.
      setSure(false);
      await client.invalidateQueries({ queryKey: savedKey(place, kind) });
    }
    done?.(chosen);
  };
  return (
    <Ask title={title} submit={words.save} why={why} act={act} close={close}>
      {children}
      <Field label={words.name}>
        {(props) => <input {...props} type="text" maxLength={200} value={name} onChange={(event) => { setName(event.target.value); setSure(false); }} />}
      </Field>
      {present && <Check label={words.replace(plain(present.name, 60), plain(present.setBy, 60))} checked={sure} onChange={setSure} />}
    </Ask>
  );
}

type ForgetProps = { place: Place; kind: Kind; item: Saved; close: () => void };

export function Forget({ place, kind, item, close }: ForgetProps) {
  const t = useTexts();
  const client = useQueryClient();
  const act = async () => {
    await forget(place, kind, item.name);
    await client.invalidateQueries({ queryKey: savedKey(place, kind) });
  };
  return (
    <Ask title={t.saved.removes(plain(item.name, 60))} submit={t.saved.remove} look="danger" act={act} close={close}>
      <p>{kind === "views" ? t.saved.sureView : t.saved.sureSet}</p>
      <p className={styles.hint}><Text value={t.saved.by(item.setBy)} max={200} /></p>
    </Ask>
  );
}
