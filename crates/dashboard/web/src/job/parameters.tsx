import type { UseQueryResult } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { type JsonObject, writeExact } from "../api/exact";
import { useTexts } from "../texts";
import { Copy } from "../ui/copy";
import { Loading, Problem, styles } from "../ui/ui";
import page from "./job.module.css";

const Node = lazy(async () => ({ default: (await import("../ui/preview")).Node }));

export function Parameters({ query }: { query: UseQueryResult<{ parameters: JsonObject }> }) {
  const t = useTexts();
  if (!query.data) return query.isError ? <Problem error={query.error} retry={() => void query.refetch()} /> : <Loading />;
  const { parameters } = query.data;
  if (Object.keys(parameters).length === 0) return <p className={styles.empty}>{t.job.parameters.none}</p>;
  return (
    <div className={page.preview}>
      <div><Copy text={writeExact(parameters, 2)} /></div>
      <div className={page.json} tabIndex={0} role="group" aria-label={t.job.tabs.parameters}>
        <Suspense fallback={<Loading />}><Node value={parameters} depth={0} /></Suspense>
      </div>
    </div>
  );
}
