import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { api, call } from "../api/client";
import { usePlace } from "../app/shell";
import list from "../datasets/datasets.module.css";
import page from "../job/job.module.css";
import { useJobTypes } from "../jobs/list";
import { useTexts } from "../texts";
import { Text } from "../ui/text";
import { Button, Loading, Problem, styles } from "../ui/ui";

export default function ModulesPage() {
  const t = useTexts();
  const place = usePlace();
  const types = useJobTypes(place);
  const modules = useInfiniteQuery({
    queryKey: ["modules", place.tenantId, place.projectId],
    queryFn: ({ pageParam }) =>
      call(api.GET("/api/{tenantId}/{projectId}/modules", { params: { path: place, query: pageParam ? { cursor: pageParam } : {} } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
  });
  useEffect(() => {
    document.title = `${t.modules.title} · Fuelcell`;
  }, [t]);
  const rows = modules.data?.pages.flatMap((page) => page.modules) ?? [];
  const { columns } = t.modules;
  return (
    <div className={page.page}>
      <h1>{t.modules.title}</h1>
      {types.isError && <Problem error={types.error} retry={() => void types.refetch()} />}
      {types.data && (
        <section className={styles.card}>
          <h2>{t.modules.types}</h2>
          <dl className={page.facts}>
            {types.data.jobTypes.map((type) => [
              <dt key={`${type.jobType}-name`}><Text value={type.jobType} max={70} /></dt>,
              <dd key={type.jobType}>
                {type.module ? <Text value={`${type.module.name} ${type.module.version}`} max={200} /> : t.modules.nothing}
                {type.module?.builtIn && <span className={styles.hint}> ({t.modules.builtIn})</span>}
              </dd>,
            ])}
          </dl>
        </section>
      )}
      {modules.isError && <Problem error={modules.error} retry={() => void modules.refetch()} />}
      {modules.isPending && <Loading />}
      {modules.isSuccess && rows.length === 0 && <p className={styles.empty}>{t.modules.empty}</p>}
      {rows.length > 0 && (
        <div className={list.tableFrame} tabIndex={0} role="group" aria-label={t.modules.title}>
          <table className={page.grid}>
            <thead><tr><th scope="col">{columns.name}</th><th scope="col">{columns.current}</th><th scope="col">{columns.versions}</th></tr></thead>
            <tbody>
              {rows.map((module) => (
                <tr key={module.name}>
                  <th scope="row"><Link to="/p/$tenantId/$projectId/modules/$name" params={{ ...place, name: module.name }}><Text value={module.name} max={200} /></Link></th>
                  <td><Text value={module.current ?? "–"} max={100} /></td>
                  <td><Text value={module.versions.map((version) => version.version).join(", ")} max={500} /></td>
                </tr>
              ))}
            </tbody>
          </table>
          {modules.hasNextPage && <p><Button onClick={() => void modules.fetchNextPage()}>{t.common.more}</Button></p>}
        </div>
      )}
    </div>
  );
}
