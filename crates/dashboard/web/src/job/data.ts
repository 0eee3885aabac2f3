import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, call, fetchOwn, type Place, projectUrl, type Schemas } from "../api/client";
import { type JsonObject, isObject, parseExact } from "../api/exact";
import { type Told, useJobStream } from "../api/stream";
import { useThrottled } from "../app/live";

export type Job = Schemas["StatusAnswer"];
export type Receipt = Schemas["ReceiptDto"];
export type Output = Schemas["OutputDto"];
export type Results = Schemas["ResultsAnswer"];

/** A running job is looked at again this long after something happened. */
const PAUSE = 300;

export const hasEnded = (job: Job) => job.status !== "Queued" && job.status !== "Running";

export const jobKey = (place: Place, jobId: string) => ["job", place.tenantId, place.projectId, jobId] as const;

/** The job, as it stands now: its own stream says when to look. */
export function useJob(place: Place, jobId: string, onLog: () => void) {
  const client = useQueryClient();
  const key = jobKey(place, jobId);
  const query = useQuery({
    queryKey: key,
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/execution/job/{jobId}", { params: { path: { ...place, jobId } } })),
    staleTime: 1_000,
    // Its place in the queue changes without an event of its own.
    refetchInterval: ({ state }) => (state.data?.status === "Queued" ? 3_000 : false),
  });
  const running = query.data !== undefined && !hasEnded(query.data);
  const look = useThrottled(() => void client.invalidateQueries({ queryKey: key }), PAUSE);
  useJobStream(
    place,
    jobId,
    (told: Told) => {
      if (told.event === "log") return onLog();
      if (told.event === "progress") {
        client.setQueryData<Job>(key, (job) => job && progressed(job, told));
      } else {
        onLog();
      }
      look();
    },
    running,
  );
  return query;
}

function progressed(job: Job, told: Told): Job {
  const percentage = Number(told.data["percentage"] ?? job.progress.percentage);
  const currentStage = String(told.data["currentStage"] ?? job.progress.currentStage);
  return { ...job, progress: { ...job.progress, percentage, currentStage } };
}

/** What an ended job left behind, with its parameters as they were sent, to the digit. */
export function useResults(place: Place, job: Job) {
  return useQuery({
    queryKey: ["results", ...jobKey(place, job.jobId)],
    queryFn: async () => {
      const answer = await fetchOwn(projectUrl(place, `execution/job/${job.jobId}/results?format=detailed`));
      const body = parseExact(await answer.text()) as unknown as Results & { parameters?: JsonObject };
      return { ...body, parameters: isObject(body.parameters) ? body.parameters : {} };
    },
    enabled: hasEnded(job),
    // Links are signed for a day.
    staleTime: 3_600_000,
  });
}
