import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, call, fetchOwn, type Place, projectUrl, type Schemas } from "../api/client";
import { isObject, type JsonObject, parseExact, writeExact } from "../api/exact";
import type { Page } from "../jobs/list";

export type Pipeline = Schemas["PipelineAnswer"];

/** Runs of a pipeline that are shown. */
const LAST = 8;
/** Pipelines of a page: each asks for its runs. */
const PAGE = 20;
/** What is due changes without an event. */
const EVERY = 15_000;

export function usePipelines(place: Place) {
  return useInfiniteQuery({
    queryKey: ["pipelines", place.tenantId, place.projectId],
    queryFn: ({ pageParam }) =>
      call(api.GET("/api/{tenantId}/{projectId}/pipelines", { params: { path: place, query: { pageSize: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
    refetchInterval: EVERY,
  });
}

export const runsKey = (place: Place, pipelineId: string) => ["runs", place.tenantId, place.projectId, pipelineId] as const;

export function useLastRuns(place: Place, pipelineId: string) {
  return useQuery({
    queryKey: runsKey(place, pipelineId),
    queryFn: (): Promise<Page> =>
      call(api.GET("/api/{tenantId}/{projectId}/execution/jobs", { params: { path: place, query: { pipelineId, pageSize: LAST } } })),
    refetchInterval: EVERY,
  });
}

/** What somebody set of a pipeline, its numbers to the digit. */
export async function settingsOf(place: Place, pipelineId: string): Promise<JsonObject> {
  const answer = parseExact(await (await fetchOwn(projectUrl(place, `pipelines/${pipelineId}`))).text()) as JsonObject;
  const names = ["name", "jobType", "module", "parameters", "datasetId", "limits"];
  const kept = Object.fromEntries(names.filter((name) => answer[name] !== null && answer[name] !== undefined).map((name) => [name, answer[name]!]));
  return isObject(answer["schedule"]) ? { ...kept, schedule: settings(answer["schedule"]) } : kept;
}

export async function put(place: Place, pipelineId: string, body: JsonObject): Promise<void> {
  await fetchOwn(projectUrl(place, `pipelines/${pipelineId}`), { method: "PUT", headers: { "content-type": "application/json" }, body: writeExact(body) });
}

/** Puts the pipeline anew with another schedule; all else stays. */
export async function reschedule(place: Place, pipelineId: string, change: (schedule: JsonObject | null) => JsonObject | null): Promise<void> {
  const { schedule: before, ...kept } = await settingsOf(place, pipelineId);
  const schedule = change(isObject(before) ? before : null);
  await put(place, pipelineId, { ...kept, ...(schedule ? { schedule } : {}) });
}

/** What somebody set of a schedule, without where its runs stand. */
function settings(schedule: JsonObject): JsonObject {
  const names = ["cron", "timeZone", "overlap", "catchUpSeconds", "enabled", "parameters", "priority"];
  return Object.fromEntries(names.filter((name) => schedule[name] !== null && schedule[name] !== undefined).map((name) => [name, schedule[name]!]));
}

export async function runNow(place: Place, pipeline: Pipeline): Promise<string> {
  const body = { jobName: pipeline.name, jobType: pipeline.jobType, resource: { resourceType: "Pipeline" as const, resourceId: pipeline.pipelineId } };
  const answer = await call(api.POST("/api/{tenantId}/{projectId}/execution/job", { params: { path: place }, body }));
  // Without `dryRun` it is never a quote.
  return (answer as Schemas["SubmitAnswer"]).jobId;
}
