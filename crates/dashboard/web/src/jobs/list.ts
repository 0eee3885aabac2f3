import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { api, call, type Place, type Schemas } from "../api/client";
import type { Told } from "../api/stream";
import { useLive, useThrottled } from "../app/live";
import type { JobState } from "../ui/ui";

export type ListedJob = Schemas["ListedJob"];
export type Page = Schemas["ListAnswer"];
export type Filter = { [name in "status" | "type" | "priority" | "by" | "from" | "to" | "text" | "label" | "module" | "not" | "pipeline"]?: string };

/** Whether jobs are looked through for what no index knows: then only some are looked through at a time, and not counted. */
export const isSearch = (filter: Filter) => Boolean(filter.text || filter.label || filter.module || filter.not);

export const PAGE_SIZE = 50;
/** The list is looked at again this long after something happened, at most this often. */
const PAUSE = 500;
/** The same while jobs are searched, which costs the server more. */
const SEARCH_PAUSE = 5_000;
/** Which state an event leaves its job in. */
const STATES: Record<string, JobState> = {
  queued: "Queued", requeued: "Queued", started: "Running", completed: "Completed", failed: "Failed", cancelled: "Cancelled",
};

/** The days of the filter, as moments where the person is. */
export function query(filter: Filter): Record<string, string | number> {
  const moment = (day: string | undefined, time: string) => {
    const at = day ? new Date(`${day}T${time}`) : null;
    return at && !Number.isNaN(at.getTime()) ? at.toISOString() : undefined;
  };
  const all = {
    status: filter.status,
    jobType: filter.type,
    priority: filter.priority,
    submittedBy: filter.by,
    dateFrom: moment(filter.from, "00:00:00"),
    dateTo: moment(filter.to, "23:59:59"),
    text: filter.text,
    label: filter.label,
    module: filter.module,
    notJobType: filter.not,
    pipelineId: filter.pipeline,
  };
  return Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function fetchPage(place: Place, filter: Filter, cursor: string | null): Promise<Page> {
  const search = { ...query(filter), pageSize: PAGE_SIZE, ...(cursor ? { cursor } : {}) };
  return call(api.GET("/api/{tenantId}/{projectId}/execution/jobs", { params: { path: place, query: search as never } }));
}

type Data = InfiniteData<Page, string | null>;

/** The same pages with other rows in the same places. */
function mapRows(data: Data, change: (row: ListedJob) => ListedJob): Data {
  return { ...data, pages: data.pages.map((page) => ({ ...page, jobs: page.jobs.map(change) })) };
}

function happened(row: ListedJob, told: Told): ListedJob {
  const status = STATES[told.event];
  if (told.event === "progress") return { ...row, progress: Number(told.data["percentage"] ?? row.progress) };
  return status ? { ...row, status } : row;
}

/**
 * The list: what is shown stays where it is and changes in place; what is new waits until it is asked for, unless
 * `mayMove` says that nobody points at the list.
 */
export function useJobs(place: Place, filter: Filter, mayMove: () => boolean) {
  const client = useQueryClient();
  const key = useMemo(() => ["jobs", place.tenantId, place.projectId, filter], [place.tenantId, place.projectId, filter]);
  const [fresh, setFresh] = useState<{ key: unknown; page: Page } | null>(null);
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fetchPage(place, filter, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
    staleTime: Infinity,
  });

  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.jobs) ?? [], [list.data]);

  const look = useThrottled(() => {
    void fetchPage(place, filter, null).then((page) => {
      const data = client.getQueryData<Data>(key);
      if (!data) return;
      const known = new Set(data.pages.flatMap((page) => page.jobs.map((row) => row.jobId)));
      const news = page.jobs.filter((row) => !known.has(row.jobId));
      const latest = new Map(page.jobs.map((row) => [row.jobId, row]));
      client.setQueryData<Data>(key, mapRows(data, (row) => latest.get(row.jobId) ?? row));
      if (news.length > 0 && (known.size === 0 || mayMove())) show(page);
      else setFresh({ key, page });
    }, () => undefined);
  }, isSearch(filter) ? SEARCH_PAUSE : PAUSE);

  const show = useCallback((page: Page) => {
    const data = client.getQueryData<Data>(key);
    setFresh(null);
    const before = data?.pages.flatMap((page) => page.jobs) ?? [];
    const joins = page.jobs.some((row) => before.some((other) => other.jobId === row.jobId));
    if (!data || data.pages.length === 0 || !joins) return void client.resetQueries({ queryKey: key });
    const known = new Set(before.map((row) => row.jobId));
    const news = page.jobs.filter((row) => !known.has(row.jobId));
    const [first, ...others] = data.pages;
    client.setQueryData<Data>(key, { ...data, pages: [{ ...first!, jobs: [...news, ...first!.jobs] }, ...others] });
  }, [client, key]);

  useLive((told) => {
    client.setQueryData<Data>(key, (data) => data && mapRows(data, (row) => (row.jobId === told.jobId ? happened(row, told) : row)));
    if (told.event !== "progress") look();
  });

  const known = useMemo(() => new Set(rows.map((row) => row.jobId)), [rows]);
  const waiting = fresh?.key === key ? fresh.page : null;
  const news = waiting?.jobs.filter((row) => !known.has(row.jobId)).length ?? 0;
  const counted = waiting?.summary ?? list.data?.pages[0]?.summary;
  const summary = isSearch(filter) ? undefined : counted;
  /** What was looked at meanwhile is forgotten, and all that is shown is asked for again. */
  const renew = () => {
    setFresh(null);
    void client.invalidateQueries({ queryKey: ["jobs", place.tenantId, place.projectId] });
  };
  return { list, rows, summary, renew, news, moreNews: news >= PAGE_SIZE, showNews: () => waiting && show(waiting) };
}

/** Jobs of the queue that are looked at for why they wait. */
export const MOST_REASONS = 100;

export type Reasons = { of: Map<string, string>; counts: { code: string; message: string; jobs: number }[]; all: boolean };

/** Why jobs wait: each of those at the head of the queue, and how many wait for the same. */
export function useWaitReasons(place: Place, queued: number): Reasons {
  const queue = useQuery({
    queryKey: ["queue", place.tenantId, place.projectId],
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/execution/queue", { params: { path: place, query: { pageSize: MOST_REASONS } } })),
    enabled: queued > 0,
    refetchInterval: 5_000,
  });
  return useMemo(() => {
    const jobs = queue.data?.jobs ?? [];
    const counts = new Map<string, Reasons["counts"][number]>();
    for (const { waitReason } of jobs) {
      if (!waitReason) continue;
      const known = counts.get(waitReason.code);
      if (known) known.jobs++;
      else counts.set(waitReason.code, { ...waitReason, jobs: 1 });
    }
    const of = new Map(jobs.flatMap((job) => (job.waitReason ? [[job.jobId, job.waitReason.message] as const] : [])));
    return { of, counts: [...counts.values()].sort((one, other) => other.jobs - one.jobs), all: jobs.length < MOST_REASONS };
  }, [queue.data]);
}

export function useJobTypes(place: Place) {
  return useQuery({
    queryKey: ["job-types", place.tenantId, place.projectId],
    queryFn: () => call(api.GET("/api/{tenantId}/{projectId}/job-types", { params: { path: place } })),
    staleTime: 60_000,
  });
}
