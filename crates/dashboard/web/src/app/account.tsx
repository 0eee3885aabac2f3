import { useContext, useState } from "react";
import { BASE } from "../api/client";
import { LANGUAGES, useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { Text } from "../ui/text";
import { Button, Problem, styles } from "../ui/ui";
import { PreferencesContext } from "./preferences";
import { signOut, useSession } from "./session";
import shell from "./shell.module.css";

type Choice = { name: string; legend: string; value: string; options: readonly (readonly [string, string])[]; choose: (value: string) => void };

function Choices({ name, legend, value, options, choose }: Choice) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {options.map(([key, word]) => (
        <label key={key}>
          <input type="radio" name={name} checked={value === key} onChange={() => choose(key)} />
          {word}
        </label>
      ))}
    </fieldset>
  );
}

/** Who is signed in, and what they chose for themselves. */
export default function Account({ close, keys }: { close: () => void; keys: () => void }) {
  const t = useTexts();
  const session = useSession();
  const preferences = useContext(PreferencesContext);
  const [error, setError] = useState<unknown>(null);
  const leave = (everywhere: boolean, provider?: string) => void signOut(everywhere, provider).catch(setError);
  const { label, signOutUrl } = session.identityProvider ?? {};
  const { themes, zones } = t.account;
  return (
    <Dialog title={t.account.title} close={close}>
      <div className={shell.settings}>
        <p><Text value={t.account.is(session.subject, session.role)} /></p>
        <Choices name="theme" legend={t.account.theme} value={preferences.theme} choose={preferences.setTheme}
          options={[["system", themes.system], ["light", themes.light], ["dark", themes.dark]]} />
        <Choices name="language" legend={t.account.language} value={t.language} options={LANGUAGES} choose={preferences.setLanguage} />
        <Choices name="zone" legend={t.account.zone} value={preferences.zone} choose={preferences.setZone}
          options={[["local", zones.local], ["utc", zones.utc]]} />
        <p><a href={`${BASE}/docs`} target="_blank" rel="noreferrer">{t.account.docs}</a></p>
        <div><Button onClick={keys}>{t.keys.open}</Button></div>
        {error !== null && <Problem error={error} />}
        <p className={styles.hint}>{label ? t.account.everywhereHintOf(label) : t.account.everywhereHint}</p>
        <div className={styles.row}>
          <Button onClick={() => leave(false)}>{t.account.signOut}</Button>
          {label && signOutUrl && <Button onClick={() => leave(false, signOutUrl)}>{t.account.signOutToo(label)}</Button>}
          <Button look="danger" onClick={() => leave(true)}>{t.account.everywhere}</Button>
          <Button onClick={close}>{t.common.close}</Button>
        </div>
      </div>
    </Dialog>
  );
}
