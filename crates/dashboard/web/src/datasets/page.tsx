import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { fetchOwn, projectUrl } from "../api/client";
import { usePlace } from "../app/shell";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import { plain, Text } from "../ui/text";
import { Bytes, Time } from "../ui/time";
import { Button, cx, Loading, Problem, styles } from "../ui/ui";
import { useDatasets } from "./data";
import list from "./datasets.module.css";
import { type Dataset, Upload } from "./upload";

const Contents = lazy(async () => ({ default: (await import("../ui/preview")).Contents }));

/** Bytes of a dataset that its first rows are taken from. */
const FIRST = 64 * 1024;
const READABLE = /\.(csv|tsv|json|txt|log|md|xml|xes|pnml|bpmn|ipynb|sql|py)$/i;

export default function DatasetsPage() {
  const t = useTexts();
  const place = usePlace();
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { dataset?: string };
  const datasets = useDatasets(place);
  const [uploaded, setUploaded] = useState<string | null>(null);
  const rows = datasets.data?.pages.flatMap((page) => page.datasets) ?? [];
  const chosen = rows.find((dataset) => dataset.datasetId === search.dataset);
  useEffect(() => {
    document.title = `${t.datasets.title} · Fuelcell`;
  }, [t]);
  const done = (dataset: Dataset) => {
    setUploaded(dataset.name);
    void navigate({ to: "/p/$tenantId/$projectId/datasets", params: place, search: { dataset: dataset.datasetId } });
  };
  const { columns } = t.datasets;
  return (
    <div className={page.page}>
      <h1>{t.datasets.title}</h1>
      <Upload done={done} />
      <p role="status" className={styles.hint}>{uploaded !== null && <Text value={t.datasets.uploaded(uploaded)} />}</p>
      {datasets.isError && <Problem error={datasets.error} retry={() => void datasets.refetch()} />}
      {datasets.isPending && <Loading />}
      {datasets.isSuccess && rows.length === 0 && <p className={styles.empty}>{t.datasets.empty}</p>}
      {rows.length > 0 && (
        <div className={list.page}>
          <div className={cx(list.tableFrame, styles.sideways)} tabIndex={0} role="group" aria-label={t.datasets.title}>
            <table className={page.grid}>
              <thead>
                <tr><th scope="col">{columns.name}</th><th scope="col">{columns.size}</th><th scope="col">{columns.rows}</th><th scope="col">{columns.updated}</th><th scope="col">{columns.by}</th></tr>
              </thead>
              <tbody>
                {rows.map((dataset) => (
                  <tr key={dataset.datasetId}>
                    <th scope="row">
                      <Link to="/p/$tenantId/$projectId/datasets" params={place} search={{ dataset: dataset.datasetId }} title={plain(dataset.name)}
                        activeOptions={{ exact: true }}>
                        <Text value={dataset.name} max={120} />
                      </Link>
                    </th>
                    <td className={page.number}><Bytes count={dataset.size} /></td>
                    <td className={page.number}>{dataset.rowCount?.toLocaleString(t.language) ?? "–"}</td>
                    <td className={page.number}><Time at={dataset.lastUpdated} /></td>
                    <td><Text value={dataset.uploadedBy} max={60} /></td>
                  </tr>
                ))}
              </tbody>
            </table>
            {datasets.hasNextPage && <p><Button onClick={() => void datasets.fetchNextPage()}>{t.common.more}</Button></p>}
          </div>
          {chosen && <FirstRows key={chosen.datasetId} dataset={chosen} />}
        </div>
      )}
    </div>
  );
}

function FirstRows({ dataset }: { dataset: Dataset }) {
  const t = useTexts();
  const place = usePlace();
  const url = projectUrl(place, `datasets/${dataset.datasetId}/content`);
  const readable = READABLE.test(dataset.name);
  const query = useQuery({
    queryKey: ["rows", dataset.datasetId, dataset.digest],
    queryFn: async ({ signal }) => {
      const whole = dataset.size <= FIRST;
      const answer = await fetchOwn(url, { signal, headers: whole ? {} : { range: `bytes=0-${FIRST - 1}` } });
      return { text: await answer.text(), whole: answer.status === 200 };
    },
    enabled: readable,
    staleTime: "static",
  });
  return (
    <section className={page.preview} aria-label={t.datasets.first}>
      <div className={page.previewHead}>
        <h2><Text value={dataset.name} max={200} /></h2>
        <div className={styles.row}>
          <Link className={styles.button} to="/p/$tenantId/$projectId/submit" params={place} search={{ dataset: dataset.datasetId }}>{t.datasets.use}</Link>
          <a className={styles.button} href={url} download={dataset.name.split("/").at(-1)}>{t.common.download}</a>
        </div>
      </div>
      <dl className={page.facts}>
        <dt>{t.datasets.digest}</dt><dd className={styles.mono}>{dataset.digest}</dd>
        <dt>{t.datasets.type}</dt><dd><Text value={dataset.mediaType} max={100} /></dd>
      </dl>
      {!readable && <p className={styles.hint}>{t.datasets.noRows}</p>}
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {readable && query.isPending && <Loading />}
      {query.data && (
        <>
          <h3 className={list.first}>{t.datasets.first}</h3>
          <Suspense fallback={<Loading />}><Contents name={dataset.name} text={query.data.text} whole={query.data.whole} /></Suspense>
        </>
      )}
    </section>
  );
}
