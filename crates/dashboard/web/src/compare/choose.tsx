import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "../api/client";
import { usePlace } from "../app/shell";
import type { Job } from "../job/data";
import page from "../job/job.module.css";
import { useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { plain } from "../ui/text";
import { useMoment } from "../ui/time";
import { Button, Field, Loading, Problem, styles } from "../ui/ui";

/** Jobs that are offered. */
const OFFERED = 50;

/** Which job to compare with: the last good one at hand, or any other of its type. */
export default function Choose({ job, close }: { job: Job; close: () => void }) {
  const t = useTexts();
  const place = usePlace();
  const navigate = useNavigate();
  const moment = useMoment();
  const words = t.compare;
  const [other, setOther] = useState("");
  const useOthers = (query: { status: "Completed" } | { notStatus: "Queued" }) =>
    useQuery({
      queryKey: ["comparable", place.tenantId, place.projectId, job.jobType, query],
      queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/execution/jobs", { params: { path: place, query: { ...query, jobType: job.jobType as never, pageSize: OFFERED } } })),
    });
  // Jobs that wait have nothing to compare yet, and there may be many.
  const [completed, jobs] = [useOthers({ status: "Completed" }), useOthers({ notStatus: "Queued" })];
  const others = jobs.data?.jobs.filter((row) => row.jobId !== job.jobId) ?? [];
  const good = completed.data?.jobs.find((row) => row.jobId !== job.jobId && row.resourceName === job.resource.resourceName);
  const go = (id: string) => {
    close();
    void navigate({ to: "/p/$tenantId/$projectId/compare", params: place, search: { one: id, other: job.jobId } });
  };
  return (
    <Dialog title={words.choose} close={close}>
      {jobs.isError && <Problem error={jobs.error} retry={() => void jobs.refetch()} />}
      {jobs.isPending && <Loading />}
      {jobs.data && (
        <form className={page.retryForm} onSubmit={(event) => { event.preventDefault(); if (other) go(other); }}>
          <div><Button look="primary" why={good || completed.isPending ? null : words.noGood} onClick={() => good && go(good.jobId)}>{words.lastGood}</Button></div>
          <Field label={words.with}>
            {(props) => (
              <select {...props} value={other} onChange={(event) => setOther(event.target.value)}>
                <option value="">–</option>
                {others.map((row) => (
                  <option key={row.jobId} value={row.jobId}>
                    {plain(`${t.job.number(row.jobNumber)} · ${row.jobName}`, 80)} · {t.state[row.status as keyof typeof t.state]} · {moment(row.dateCreated)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <div className={`${styles.row} ${styles.rowEnd}`}>
            <Button onClick={close}>{t.common.close}</Button>
            <Button type="submit">{words.open}</Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
