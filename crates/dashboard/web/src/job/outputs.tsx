import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { ownLink } from "../api/client";
import { usePlace } from "../app/shell";
import { useTexts } from "../texts";
import { Text } from "../ui/text";
import { Bytes } from "../ui/time";
import { Loading, Problem, styles } from "../ui/ui";
import type { Job, Output, Results } from "./data";
import page from "./job.module.css";

const Preview = lazy(() => import("../ui/preview"));

/** What the server lets a browser show in place, sandboxed. */
const SHOWN = /\.(html?|svg|png|jpe?g|txt|log|md|json)$/i;

type Props = { job: Job; query: UseQueryResult<Results>; outputs: Output[]; chosen: string | undefined };

/** What the job left behind: the list, and a look at one of them. */
export function Outputs({ job, query, outputs, chosen }: Props) {
  const t = useTexts();
  const place = usePlace();
  const words = t.job.outputs;
  if (!query.data) return query.isError ? <Problem error={query.error} retry={() => void query.refetch()} /> : <Loading />;
  const output = outputs.find((output) => output.name === chosen) ?? outputs[0];
  if (!output) return <p className={styles.empty}>{words.none}</p>;
  const link = ownLink(output.downloadUrl);
  return (
    <>
      {query.data.partial && <p className={styles.hint}>{words.partial}</p>}
      <div className={page.outputs}>
        <nav aria-label={words.list}>
          <ul className={page.list}>
            {outputs.map((other) => (
              <li key={other.name}>
                <Link
                  to="/p/$tenantId/$projectId/jobs/$jobId"
                  params={{ ...place, jobId: job.jobId }}
                  search={{ tab: "outputs", output: other.name }}
                  replace
                  activeOptions={{ exact: true }}
                  className={other === output ? page.chosen : undefined}
                >
                  <Text value={other.title || other.name} max={200} />
                  <small>
                    <Text value={other.name} max={200} /> · <Bytes count={other.sizeBytes} />
                    {other.recordCount != null && ` · ${words.records(other.recordCount)}`}
                  </small>
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <section className={page.preview} aria-label={words.preview}>
          <div className={page.previewHead}>
            <h2><Text value={output.title || output.name} max={200} /></h2>
            <div className={styles.row}>
              {SHOWN.test(output.name) && <a className={styles.button} href={link} target="_blank" rel="noreferrer">{words.open}</a>}
              <a className={styles.button} href={link} download={output.name.split("/").at(-1)}>{t.common.download}</a>
            </div>
          </div>
          <Suspense fallback={<Loading />}>
            <Preview key={output.name} name={output.name} size={output.sizeBytes ?? null} link={link} />
          </Suspense>
        </section>
      </div>
    </>
  );
}
