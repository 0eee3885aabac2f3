import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { api, call, type Place, type Schemas } from "../api/client";
import type { JsonObject } from "../api/exact";
import { usePlace } from "../app/shell";
import { useWhyNot } from "../app/session";
import { Changes, type Change, changesOf } from "../job/changes";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { Facts, Grid } from "../ui/grid";
import { plain, Text } from "../ui/text";
import { Bytes, Duration, Time } from "../ui/time";
import { Button, cx, Field, Loading, Problem, styles } from "../ui/ui";

const Ask = lazy(() => import("../ui/ask"));

type Version = Schemas["VersionSummary"];
type Capabilities = Schemas["CapabilitiesDto"];

/** One module: its versions, what they want and are granted, how two of them differ, and which one runs. */
export default function ModulePage() {
  const t = useTexts();
  const place = usePlace();
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const module = useInfiniteQuery({
    queryKey: ["module", place.tenantId, place.projectId, name],
    queryFn: ({ pageParam }) => call(api.GET("/api/{tenantId}/{projectId}/modules/{name}", { params: { path: { ...place, name }, query: pageParam ? { cursor: pageParam } : {} } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
  });
  useEffect(() => {
    document.title = `${plain(name, 60)} · ${t.modules.title} · Fuelcell`;
  }, [name, t]);
  const versions = module.data?.pages.flatMap((page) => page.versions) ?? [];
  return (
    <div className={page.page}>
      <p><Link to="/p/$tenantId/$projectId/modules" params={place}>← {t.nav.modules}</Link></p>
      <h1><Text value={name} max={200} /></h1>
      {module.isError && !module.data && <Problem error={module.error} retry={() => void module.refetch()} />}
      {module.isPending && <Loading />}
      {versions.length > 0 && (
        <>
          <Versions name={name} versions={versions} />
          {module.hasNextPage && <p><Button onClick={() => void module.fetchNextPage()}>{t.common.more}</Button></p>}
          <div className={page.cards}>
            <Granted name={name} />
            <Used name={name} />
          </div>
          <Difference name={name} versions={versions} />
        </>
      )}
    </div>
  );
}

function Versions({ name, versions }: { name: string; versions: Version[] }) {
  const t = useTexts();
  const words = t.version;
  return (
    <Grid label={words.versions} columns={[words.version, words.active, words.size, words.uploaded, words.by, ""]}>
      {versions.map((version) => (
        <tr key={version.version}>
          <th scope="row"><Text value={version.version} max={100} />{version.title && <div className={styles.hint}><Text value={version.title} max={200} /></div>}</th>
          <td><Text value={version.activeFor.join(", ") || "–"} max={300} /></td>
          <td className={page.number}><Bytes count={version.size} /></td>
          <td className={page.number}><Time at={version.dateCreated} /></td>
          <td><Text value={version.uploadedBy} max={60} /></td>
          <td><Activate name={name} version={version} /></td>
        </tr>
      ))}
    </Grid>
  );
}

/** Lets a version run the jobs of its type: a newer one, or an older one to go back to. */
function Activate({ name, version }: { name: string; version: Version }) {
  const t = useTexts();
  const place = usePlace();
  const client = useQueryClient();
  const why = useWhyNot("administrator");
  const [asks, setAsks] = useState<"activate" | "reset" | null>(null);
  const jobType = version.jobType ?? version.activeFor[0] ?? null;
  if (jobType === null) return null;
  const isActive = version.activeFor.includes(jobType);
  const words = t.version;
  const again = () => client.invalidateQueries({ predicate: ({ queryKey }) => ["module", "modules", "job-types"].includes(String(queryKey[0])) });
  const activate = async () => {
    await call(api.POST("/api/{tenantId}/{projectId}/modules/{name}/versions/{version}/activate", { params: { path: { ...place, name, version: version.version } }, body: { jobType: jobType as never } }));
    await again();
  };
  const reset = async () => {
    await call(api.DELETE("/api/{tenantId}/{projectId}/activations/{jobType}", { params: { path: { ...place, jobType: jobType as never } } }));
    await again();
  };
  const title = isActive ? words.reset(plain(jobType, 60)) : words.activate(plain(version.version, 60), plain(jobType, 60));
  return (
    <>
      <Button why={why} onClick={() => setAsks(isActive ? "reset" : "activate")}>{title}</Button>
      {asks && (
        <Suspense>
          <Ask title={title} submit={asks === "reset" ? title : words.activateShort} act={asks === "reset" ? reset : activate} close={() => setAsks(null)}>
            <p>{words.sureActivate}</p>
          </Ask>
        </Suspense>
      )}
    </>
  );
}

/** Capabilities in words. */
function useTold(): (capabilities: Capabilities) => string {
  const words = useTexts().version;
  return ({ http, hmac }) => {
    const parts = [
      http ? words.network(http.hosts?.join(", ") || words.noHost) : null,
      http?.secrets?.length ? words.secrets(http.secrets.join(", ")) : null,
      hmac?.length ? words.hmac(hmac.join(", ")) : null,
    ];
    return parts.filter((part) => part !== null).join("; ") || words.nothing;
  };
}

/** What all versions may use, and what some want beyond that. */
function Granted({ name }: { name: string }) {
  const t = useTexts();
  const place = usePlace();
  const told = useTold();
  const client = useQueryClient();
  const why = useWhyNot("administrator");
  const [asks, setAsks] = useState<Schemas["WaitingVersion"] | null>(null);
  const key = ["capabilities", place.tenantId, place.projectId, name];
  const path = { ...place, name };
  const query = useQuery({ queryKey: key, queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/modules/{name}/capabilities", { params: { path } })) });
  const words = t.version;
  if (!query.data) return query.isError ? <Problem error={query.error} /> : <Loading />;
  const { granted, waiting } = query.data;
  const approve = async (wanted: Capabilities) => {
    await call(api.PUT("/api/{tenantId}/{projectId}/modules/{name}/capabilities", { params: { path }, body: together(granted, wanted) }));
    await client.invalidateQueries({ queryKey: key });
  };
  const rows: [string, ReactNode][] = [[words.granted, <Text value={told(granted)} />]];
  return (
    <section className={styles.card}>
      <Facts title={words.capabilities} rows={rows} />
      {waiting.map((version) => (
        <div key={version.version} className={styles.row}>
          <p><strong>{words.waits}</strong>: <Text value={`${version.version}: ${told(version.waitingFor)}`} /></p>
          <Button why={why} onClick={() => setAsks(version)}>{words.approve}</Button>
        </div>
      ))}
      {asks && (
        <Suspense>
          <Ask title={`${words.approve}: ${plain(told(asks.waitingFor), 200)}`} submit={words.approve} act={() => approve(asks.waitingFor)} close={() => setAsks(null)}><p>{words.sureApprove}</p></Ask>
        </Suspense>
      )}
    </section>
  );
}

function together(granted: Capabilities, wanted: Capabilities): Capabilities {
  const union = (one: string[] | undefined, other: string[] | undefined) => [...new Set([...(one ?? []), ...(other ?? [])])];
  const [has, wants] = [granted.http, wanted.http];
  const http = has || wants ? { hosts: union(has?.hosts, wants?.hosts), secrets: union(has?.secrets, wants?.secrets) } : null;
  return { http, hmac: union(granted.hmac, wanted.hmac) };
}

/** What the module's attempts took of late, on average. */
function Used({ name }: { name: string }) {
  const t = useTexts();
  const place = usePlace();
  const usage = useQuery({
    queryKey: ["usage", place.tenantId, place.projectId, "module"],
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/usage", { params: { path: place, query: { groupBy: "module" } } })),
  });
  const words = t.version;
  if (!usage.data) return usage.isError ? <Problem error={usage.error} /> : <Loading />;
  const sums = usage.data.groups.find((group) => group.module === name);
  const attempts = sums?.attempts ?? 0;
  const count = (value: number) => value.toLocaleString(t.language, { maximumFractionDigits: 0 });
  return (
    <section className={styles.card}>
      <Facts title={t.usage.title} rows={[
        [words.attempts, count(attempts)],
        [words.fuelEach, attempts > 0 ? `${sums!.fuelIsLowerBound ? `${t.job.usage.atLeast} ` : ""}${count(sums!.fuel / attempts)}` : "–"],
        [words.timeEach, <Duration seconds={attempts > 0 ? sums!.wallSeconds / attempts : null} />],
      ]} />
    </section>
  );
}

function useVersion(place: Place, name: string, version: string | undefined) {
  return useQuery({
    queryKey: ["version", place.tenantId, place.projectId, name, version],
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/modules/{name}/versions/{version}", { params: { path: { ...place, name, version: version! } } })),
    enabled: version !== undefined,
  });
}

/** How a version differs from another one, as far as somebody who lets it run should know. */
function Difference({ name, versions }: { name: string; versions: Version[] }) {
  const t = useTexts();
  const place = usePlace();
  const told = useTold();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { version?: string; against?: string };
  const chosen = versions.find((version) => version.version === search.version) ?? versions.at(-1)!;
  const before = versions.find((version) => version.version === search.against) ?? versions[versions.indexOf(chosen) - 1];
  const shown = useVersion(place, name, chosen.version);
  const other = useVersion(place, name, before?.version);
  const words = t.version;
  const go = (change: { version?: string; against?: string }) =>
    void navigate({ to: "/p/$tenantId/$projectId/modules/$name", params: { ...place, name }, search: { version: chosen.version, against: before?.version, ...change }, replace: true });
  const options = versions.map((version) => <option key={version.version} value={version.version}>{plain(version.version, 60)}</option>);
  return (
    <section className={cx(styles.card, styles.stack)} aria-label={words.version}>
      <div className={styles.row}>
        <Field label={words.version}>{(props) => <select {...props} value={chosen.version} onChange={(event) => go({ version: event.target.value, against: undefined })}>{options}</select>}</Field>
        <Field label={words.against}>
          {(props) => <select {...props} value={before?.version ?? ""} onChange={(event) => go({ against: event.target.value || undefined })}>{!before && <option value="">–</option>}{options}</select>}
        </Field>
      </div>
      {shown.isError && <Problem error={shown.error} />}
      {shown.data && (
        <>
          <div><Facts title={plain(`${name} ${chosen.version}`, 100)} rows={[
            [words.wants, <Text value={told(shown.data.capabilities)} />],
            [words.imports, <Text value={shown.data.imports.join(", ") || words.nothing} max={2_000} />],
            ["SHA-256", <span className={styles.mono}>{shown.data.digest}</span>],
            ...(shown.data.warnings.length > 0 ? [[words.warnings, <Text value={shown.data.warnings.join("; ")} />] as [string, ReactNode]] : []),
          ]} /></div>
          {before && other.data && (
            <div>
              <h3><Text value={words.diff(before.version, chosen.version)} max={200} /></h3>
              <Changes changes={differences(other.data, shown.data, told)} />
            </div>
          )}
        </>
      )}
    </section>
  );
}

function differences(before: Schemas["VersionAnswer"], after: Schemas["VersionAnswer"], told: (capabilities: Capabilities) => string): Change[] {
  const set = (name: string, one: string[], other: string[]): Change[] => [
    ...one.filter((word) => !other.includes(word)).map((word): Change => [`/${name}`, word, undefined]),
    ...other.filter((word) => !one.includes(word)).map((word): Change => [`/${name}`, undefined, word]),
  ];
  const [had, has] = [told(before.capabilities), told(after.capabilities)];
  return [
    ...(had === has ? [] : [["/capabilities", had, has] as Change]),
    ...set("imports", before.imports, after.imports),
    ...changesOf(before.manifest as JsonObject, after.manifest as JsonObject, "/manifest"),
  ];
}
