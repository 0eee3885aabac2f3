import { type QueryKey, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { api, call, type Place } from "../api/client";
import { usePlace } from "../app/shell";
import { useSession, useWhyNot } from "../app/session";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Grid } from "../ui/grid";
import { plain, Text } from "../ui/text";
import { Time } from "../ui/time";
import { Button, Check, Loading, Problem, styles } from "../ui/ui";

const Make = lazy(() => import("./make"));
const Ask = lazy(() => import("../ui/ask"));

/** What opens things: tokens, passwords of the other API, and the secrets that modules may use, by name. */
export default function AccessPage() {
  const t = useTexts();
  const why = useWhyNot("administrator");
  const place = usePlace();
  const [ended, setEnded] = useState(false);
  useEffect(() => {
    document.title = `${t.access.title} · Fuelcell`;
  }, [t]);
  return (
    <div className={page.page}>
      <h1>{t.access.title}</h1>
      {why ? <p className={styles.empty}>{why}</p> : (
        <>
          <Check label={t.access.showEnded} checked={ended} onChange={setEnded} />
          <Tokens place={place} ended={ended} />
          <Passwords place={place} ended={ended} />
          <Secrets place={place} />
          <p className={styles.hint}>{t.access.grantsHint}</p>
        </>
      )}
    </div>
  );
}

type Life = { expiresAt?: string | null; dateRevoked?: string | null };

const holds = ({ expiresAt, dateRevoked }: Life) => !dateRevoked && (!expiresAt || Date.parse(expiresAt) > Date.now());

function Ends({ of }: { of: Life }) {
  const t = useTexts();
  if (of.dateRevoked) return <>{t.access.ended} <Time at={of.dateRevoked} /></>;
  if (!of.expiresAt) return <>{t.access.never}</>;
  return <>{!holds(of) && `${t.access.ended} `}<Time at={of.expiresAt} /></>;
}

/** Where something holds, seen from the project that is looked at. */
function useWhere(place: Place) {
  const { access } = useTexts();
  return ({ tenantId, projectId }: { tenantId?: string | null; projectId?: string | null }) => {
    if (!tenantId) return access.server;
    if (!projectId) return access.tenant;
    return projectId === place.projectId ? access.project : access.otherProject;
  };
}

type Page = { nextCursor?: string | null };

/** A list, page by page, all of which are loaded by hand. */
function useList<P extends Page>(key: QueryKey, ask: (cursor: string | null) => Promise<P>) {
  return useInfiniteQuery({ queryKey: key, queryFn: ({ pageParam }) => ask(pageParam), initialPageParam: null as string | null, getNextPageParam: (page: P) => page.nextCursor ?? null });
}

type SectionProps = { title: string; hint?: string; list: ReturnType<typeof useList<Page>>; count: number; columns: string[]; add: ReactNode; children: ReactNode };

function Section({ title, hint, list, count, columns, add, children }: SectionProps) {
  const t = useTexts();
  return (
    <section className={page.preview} aria-label={title}>
      <div className={page.previewHead}><h2>{title}</h2>{add}</div>
      {hint && <p className={styles.hint}>{hint}</p>}
      {list.isError && !list.data && <Problem error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && count === 0 && <p className={styles.hint}>{t.access.none}</p>}
      {count > 0 && <Grid label={title} columns={columns}>{children}</Grid>}
      {list.hasNextPage && <p><Button onClick={() => void list.fetchNextPage()}>{t.common.more}</Button></p>}
    </section>
  );
}

/** A button that takes something away, after a question. */
function TakeAway({ label, name, sure, keys, act }: { label: string; name: string; sure: string; keys: QueryKey; act: () => Promise<unknown> }) {
  const client = useQueryClient();
  const [asks, setAsks] = useState(false);
  const done = async () => {
    await act();
    await client.invalidateQueries({ queryKey: keys });
  };
  return (
    <>
      <Button look="danger" aria-label={plain(name, 100)} onClick={() => setAsks(true)}>{label}</Button>
      {asks && <Suspense><Ask title={plain(name, 100)} submit={label} look="danger" act={done} close={() => setAsks(false)}><p><Text value={sure} /></p></Ask></Suspense>}
    </>
  );
}

function Add({ what, label, place }: { what: "token" | "password" | "secret"; label: string; place: Place }) {
  const { access } = useTexts();
  const { identityProvider } = useSession();
  const [opens, setOpens] = useState(false);
  const why = identityProvider && what !== "secret" ? access.takesToken : null;
  return (
    <>
      <Button why={why} onClick={() => setOpens(true)}>{label}</Button>
      {opens && <Suspense><Make what={what} place={place} close={() => setOpens(false)} /></Suspense>}
    </>
  );
}

function Tokens({ place, ended }: { place: Place; ended: boolean }) {
  const { access } = useTexts();
  const where = useWhere(place);
  const list = useList(["tokens"], (cursor) => call(api.GET("/api/admin/tokens", { params: { query: cursor ? { cursor } : {} } })));
  const rows = (list.data?.pages.flatMap((page) => page.tokens) ?? []).filter((token) => ended || holds(token));
  return (
    <Section title={access.tokens} list={list} count={rows.length} columns={[access.subject, access.role, access.place, access.created, access.ends, ""]}
      add={<Add what="token" label={access.add} place={place} />}>
      {rows.map((token) => (
        <tr key={token.tokenId}>
          <th scope="row"><Text value={token.subject} max={100} /></th>
          <td>{token.role}</td>
          <td>{where(token)}</td>
          <td className={page.number}><Time at={token.dateCreated} /></td>
          <td className={page.number}><Ends of={token} /></td>
          <td>{holds(token) && <TakeAway label={access.revoke} name={access.revokes(token.subject)} sure={access.sureToken(token.subject)} keys={["tokens"]}
            act={() => call(api.DELETE("/api/admin/tokens/{tokenId}", { params: { path: { tokenId: token.tokenId } } }))} />}</td>
        </tr>
      ))}
    </Section>
  );
}

function Passwords({ place, ended }: { place: Place; ended: boolean }) {
  const { access } = useTexts();
  const where = useWhere(place);
  const list = useList(["passwords"], (cursor) => call(api.GET("/api/admin/application-passwords", { params: { query: cursor ? { cursor } : {} } })));
  const rows = (list.data?.pages.flatMap((page) => page.applicationPasswords) ?? []).filter((password) => ended || holds(password));
  return (
    <Section title={access.passwords} hint={access.passwordsHint} list={list} count={rows.length} columns={[access.user, access.role, access.place, access.created, access.ends, ""]}
      add={<Add what="password" label={access.addPassword} place={place} />}>
      {rows.map((password) => (
        <tr key={password.passwordId}>
          <th scope="row"><Text value={password.userName} max={100} /></th>
          <td>{password.role}</td>
          <td>{where(password)}</td>
          <td className={page.number}><Time at={password.dateCreated} /></td>
          <td className={page.number}><Ends of={password} /></td>
          <td>{holds(password) && <TakeAway label={access.revoke} name={access.revokes(password.userName)} sure={access.surePassword(password.userName)} keys={["passwords"]}
            act={() => call(api.DELETE("/api/admin/application-passwords/{passwordId}", { params: { path: { passwordId: password.passwordId } } }))} />}</td>
        </tr>
      ))}
    </Section>
  );
}

function Secrets({ place }: { place: Place }) {
  const { access } = useTexts();
  const key = ["secrets", place.tenantId, place.projectId];
  const list = useList(key, (cursor) => call(api.GET("/api/{tenantId}/{projectId}/secrets", { params: { path: place, query: cursor ? { cursor } : {} } })));
  const rows = list.data?.pages.flatMap((page) => page.secrets) ?? [];
  return (
    <Section title={access.secrets} hint={access.secretsHint} list={list} count={rows.length} columns={[access.name, access.headers, access.setBy, access.changed, ""]}
      add={<Add what="secret" label={access.addSecret} place={place} />}>
      {rows.map((secret) => (
        <tr key={secret.name}>
          <th scope="row"><code><Text value={secret.name} max={100} /></code></th>
          <td><Text value={secret.headers?.join(", ") || access.anyHeader} max={300} /></td>
          <td><Text value={secret.setBy} max={100} /></td>
          <td className={page.number}><Time at={secret.dateModified} /></td>
          <td><TakeAway label={access.remove} name={access.removes(secret.name)} sure={access.sureSecret(secret.name)} keys={key}
            act={() => call(api.DELETE("/api/{tenantId}/{projectId}/secrets/{name}", { params: { path: { ...place, name: secret.name } } }))} /></td>
        </tr>
      ))}
    </Section>
  );
}
