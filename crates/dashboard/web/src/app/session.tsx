import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { api, BASE, call, onSignedOut, Refusal, type Schemas } from "../api/client";
import { renewStreams } from "../api/stream";
import { useTexts } from "../texts";
import { Button, Field, Loading, Problem, styles } from "../ui/ui";
import { PROVIDER, ProviderSignIn } from "./provider";
import { choose, clearTab, hasReturned, returning, setting } from "./settings";
import shell from "./shell.module.css";

export type Session = Schemas["SessionAnswer"];

export const ROLES = ["viewer", "submitter", "module-author", "administrator", "operator"];
const KEY = ["session"];
/** Set while somebody is signed in, so that a first visit asks the server nothing. */
const MARK = "signed-in";

const Context = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("nobody is signed in here");
  return session;
}

/** Why something that needs a role cannot be used; null where it can. The server decides in any case. */
export function useWhyNot(role: string): string | null {
  const t = useTexts();
  return ROLES.indexOf(useSession().role) >= ROLES.indexOf(role) ? null : t.role.needs(role);
}

async function whoIsIt(client: QueryClient): Promise<Session | null> {
  const back = returning();
  if (back === null && !setting(MARK)) return null;
  const failed = back !== null && (await client.fetchQuery(PROVIDER)).failure !== null;
  const session = failed ? null : await call(api.GET("/api/session")).catch((error: unknown) => {
    if (error instanceof Refusal && error.status === 401) return null;
    throw error;
  });
  hasReturned();
  if (session) choose(MARK, "yes");
  return session;
}

/** Shows the page to whoever is signed in. When a session ends, the page stays as it is behind the question who it is. */
export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [latest, setLatest] = useState<Session | null>(null);
  const query = useQuery({ queryKey: KEY, queryFn: () => whoIsIt(client), staleTime: Infinity, retry: false });
  useEffect(
    () =>
      onSignedOut(() => {
        choose(MARK, null);
        client.setQueryData(KEY, null);
      }),
    [client],
  );
  const session = query.data ?? null;
  if (session && session !== latest) setLatest(session);
  if (query.isError) return <main className={shell.alone}><Problem error={query.error} retry={() => void query.refetch()} /></main>;
  if (query.isPending) return <main className={shell.alone}><Loading /></main>;
  const signedIn = (now: Session) => {
    choose(MARK, "yes");
    const other = latest !== null && (latest.subject !== now.subject || latest.tenantId !== now.tenantId || latest.projectId !== now.projectId);
    if (other) client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
    client.setQueryData(KEY, now);
    if (!other) void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
    renewStreams();
  };
  const shown = session ?? latest;
  return (
    <>
      {shown && (
        <Context value={shown}>
          <div hidden={!session}>{children}</div>
        </Context>
      )}
      {!session && <SignIn again={latest !== null} signedIn={signedIn} />}
    </>
  );
}

function SignIn({ again, signedIn }: { again: boolean; signedIn: (session: Session) => void }) {
  const t = useTexts();
  const [token, setToken] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async () => {
    const secret = token.trim();
    setError(null);
    if (!secret) return setFault(t.signIn.empty);
    // What cannot stand in a header is no token.
    if (!/^[\x21-\x7e]+$/.test(secret)) return setFault(t.signIn.wrong);
    setFault(null);
    setBusy(true);
    try {
      const session = await call(api.POST("/api/session", { headers: { authorization: `Bearer ${secret}` } }));
      // A browser does not keep a cookie that is for another path, or for TLS only.
      if ((await fetch(`${BASE}/api/session`)).status === 401) setFault(t.signIn.notKept);
      else signedIn(session);
    } catch (failure) {
      if (failure instanceof Refusal && failure.status === 401) setFault(t.signIn.wrong);
      else setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className={shell.alone}>
      <form
        className={styles.card}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void send();
        }}
      >
        <div className={shell.signIn}>
          <p className={shell.brandLarge}>
            <img src={`${BASE}/assets/icon.svg`} alt="" width="28" height="28" /> Fuelcell
          </p>
          <h1>{t.signIn.title}</h1>
          <p className={styles.hint}>{again ? t.signIn.again : t.signIn.lead}</p>
          <Field label={t.signIn.token} hint={t.signIn.hint} fault={fault}>
            {(props) => (
              <input
                {...props}
                type="password"
                autoComplete="current-password"
                spellCheck={false}
                autoFocus
                value={token}
                onChange={(event) => setToken(event.target.value)}
              />
            )}
          </Field>
          {error !== null && <Problem error={error} />}
          <Button type="submit" look="primary" aria-busy={busy}>{t.signIn.submit}</Button>
          <ProviderSignIn />
        </div>
      </form>
    </main>
  );
}

/** Ends the session, and goes on to where the provider ends its own, if that is wanted. */
export async function signOut(everywhere: boolean, provider?: string): Promise<void> {
  await call(api.DELETE("/api/session", { params: { query: everywhere ? { everywhere: true } : {} } }));
  choose(MARK, null);
  // Nothing of what was shown or entered stays: drafts of jobs lie in the tab's storage.
  clearTab();
  if (provider) window.location.assign(provider);
  else window.location.reload();
}
