import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call, type Place } from "../api/client";
import { ROLES, useSession } from "../app/session";
import { useTexts } from "../texts";
import Ask, { STAY } from "../ui/ask";
import { Copy } from "../ui/copy";
import Dialog from "../ui/dialog";
import { Button, Field, styles } from "../ui/ui";

type What = "token" | "password" | "secret";

/** Makes a token or password, whose secret is shown once, or keeps a secret, which is shown never. */
export default function Make({ what, place, close }: { what: What; place: Place; close: () => void }) {
  const t = useTexts();
  const client = useQueryClient();
  const session = useSession();
  const [name, setName] = useState("");
  const [role, setRole] = useState(what === "password" ? "administrator" : "submitter");
  const [days, setDays] = useState("");
  const [value, setValue] = useState("");
  const [made, setMade] = useState<string | null>(null);
  const words = t.access;
  const title = { token: words.add, password: words.addPassword, secret: words.addSecret }[what];
  const own = ROLES.slice(0, ROLES.indexOf(session.role) + 1).filter((role) => role !== "operator");
  const life = /^\d+$/.test(days.trim()) ? { expiresInSeconds: Number(days) * 86_400 } : {};
  const act = async () => {
    if (what === "secret") {
      await call(api.PUT("/api/{tenantId}/{projectId}/secrets/{name}", { params: { path: { ...place, name } }, body: { value } }));
      await client.invalidateQueries({ queryKey: ["secrets"] });
      return undefined;
    }
    const secret = what === "token" ? await token() : await password();
    setMade(secret);
    return STAY;
  };
  const token = async () => {
    const body = { subject: name, role: role as never, ...place, ...life };
    const answer = await call(api.POST("/api/admin/tokens", { body }));
    await client.invalidateQueries({ queryKey: ["tokens"] });
    return (answer as { token: string }).token;
  };
  const password = async () => {
    const body = { userName: name, role: role as never, ...place, ...life };
    const answer = await call(api.POST("/api/admin/application-passwords", { body }));
    await client.invalidateQueries({ queryKey: ["passwords"] });
    return (answer as { password: string }).password;
  };
  if (made !== null) {
    return (
      <Dialog title={title} close={close}>
        <p>{words.once}</p>
        <p className={styles.mono}>{made}</p>
        <div className={`${styles.row} ${styles.rowEnd}`}><Copy text={made} /><Button look="primary" onClick={close}>{words.copied}</Button></div>
      </Dialog>
    );
  }
  return (
    <Ask title={title} submit={words.make} act={act} close={close}>
      <Field label={{ token: words.subject, password: words.user, secret: words.name }[what]}>
        {(props) => <input {...props} value={name} maxLength={200} spellCheck={false} onChange={(event) => setName(event.target.value)} />}
      </Field>
      {what !== "secret" && (
        <Field label={words.role}>
          {(props) => (
            <select {...props} value={role} onChange={(event) => setRole(event.target.value)}>
              {own.map((role) => <option key={role} value={role}>{role}</option>)}
            </select>
          )}
        </Field>
      )}
      {what !== "secret" && (
        <Field label={words.days}>
          {(props) => <input {...props} type="text" inputMode="numeric" value={days} onChange={(event) => setDays(event.target.value)} />}
        </Field>
      )}
      {what === "secret" && (
        <Field label={words.value}>
          {(props) => <input {...props} type="password" autoComplete="off" value={value} onChange={(event) => setValue(event.target.value)} />}
        </Field>
      )}
    </Ask>
  );
}
