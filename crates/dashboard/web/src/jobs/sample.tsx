import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import sampleLog from "../../../../../example-jobs/built-in/process-mining/sample/order-to-cash.csv?url";
import { api, call, fetchOwn, type Place, projectUrl, upload } from "../api/client";
import { randomId } from "../api/ids";
import { useWhyNot } from "../app/session";
import { useTexts } from "../texts";
import { Button, Problem, styles } from "../ui/ui";
import { useJobTypes } from "./list";

const TYPE = "ProcessMining";

/** For a project without jobs: one that shows what jobs do, on a log that comes with the pages. */
export default function Sample({ place }: { place: Place }) {
  const t = useTexts();
  const navigate = useNavigate();
  const types = useJobTypes(place);
  const [step, setStep] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const module = types.data?.jobTypes.find((type) => type.jobType === TYPE)?.module;
  const needs = useWhyNot("submitter");
  const why = needs ?? (types.isSuccess && !module ? t.jobs.noModule : null);
  const run = async () => {
    setError(null);
    try {
      setStep(t.jobs.sampleSteps.upload);
      const file = await (await fetchOwn(sampleLog)).blob();
      const datasetId = randomId();
      await upload(projectUrl(place, `datasets/${datasetId}?name=order-to-cash.csv`), file, () => undefined);
      setStep(t.jobs.sampleSteps.submit);
      const job = (await call(
        api.POST("/api/{tenantId}/{projectId}/execution/job", {
          params: { path: place },
          body: { jobName: t.jobs.sampleName, jobType: TYPE, module: { name: module!.name }, parameters: { datasetId } as never },
        }),
      )) as { jobId: string };
      await navigate({ to: "/p/$tenantId/$projectId/jobs/$jobId", params: { ...place, jobId: job.jobId }, search: { tab: "outputs" } });
    } catch (failure) {
      setError(failure);
    }
    setStep(null);
  };
  return (
    <div className={styles.empty}>
      <h2>{t.jobs.emptyTitle}</h2>
      <p>{t.jobs.emptyText}</p>
      <Button look="primary" why={why} aria-busy={step !== null} onClick={() => step === null && module && void run()}>
        {t.jobs.sample}
      </Button>
      <p role="status">{step}</p>
      {error !== null && <Problem error={error} />}
      <Link to="/p/$tenantId/$projectId/submit" params={place}>{t.jobs.own}</Link>
    </div>
  );
}
