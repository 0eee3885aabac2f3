import { useQuery } from "@tanstack/react-query";
import { fetchOwn, type Place, projectUrl } from "../api/client";
import { type JsonObject, parseExact, writeExact } from "../api/exact";
import type { Filter } from "../jobs/list";

export type Kind = "views" | "parameters";
/** What a project keeps under a name; parameters are as they were written. */
export type Saved = { name: string; query: string | null; module: string | null; parameters: JsonObject | null; revision: number; setBy: string; dateModified: string };
export type Content = { query: string } | { module: string; parameters: JsonObject };

/** A project has no more of a kind. */
const ALL = 100;

export const savedKey = (place: Place, kind: Kind) => ["saved", place.tenantId, place.projectId, kind];

export function useSaved(place: Place, kind: Kind) {
  return useQuery({
    queryKey: savedKey(place, kind),
    queryFn: async ({ signal }) => {
      const answer = await fetchOwn(projectUrl(place, `saved/${kind}?limit=${ALL}`), { signal });
      return (parseExact(await answer.text()) as unknown as { saved: Saved[] }).saved;
    },
  });
}

const urlOf = (place: Place, kind: Kind, name: string) => projectUrl(place, `saved/${kind}/${encodeURIComponent(name)}`);

/** Keeps it under the name, in the place of what was seen there. */
export function keep(place: Place, kind: Kind, name: string, content: Content, seen: Saved | undefined): Promise<unknown> {
  const body = writeExact(seen ? { ...content, revision: seen.revision } : content);
  return fetchOwn(urlOf(place, kind, name), { method: "PUT", headers: { "content-type": "application/json" }, body });
}

export function forget(place: Place, kind: Kind, name: string): Promise<unknown> {
  return fetchOwn(urlOf(place, kind, name), { method: "DELETE" });
}

/** Filters of the page by what the API calls them. */
const NAMES: [keyof Filter, string][] = [
  ["status", "status"], ["type", "jobType"], ["priority", "priority"], ["by", "submittedBy"], ["from", "dateFrom"], ["to", "dateTo"],
  ["text", "text"], ["label", "label"], ["module", "module"], ["not", "notJobType"], ["pipeline", "pipelineId"],
];

/** The filters as a view has them. */
export function queryOf(filter: Filter): string {
  const pairs = NAMES.map(([name, api]) => [api, filter[name] ?? ""]).filter(([, value]) => value !== "");
  return new URLSearchParams(pairs).toString();
}

/** The filters of a view, as far as the page has such, and whether it has all of them. */
export function filterOf(query: string): { filter: Filter; isWhole: boolean } {
  const pairs = [...new URLSearchParams(query)];
  const known = pairs.flatMap(([api, value]) => NAMES.filter(([, name]) => name === api).map(([name]) => [name, value] as const));
  const day = (name: string, value: string) => (name === "from" || name === "to" ? value.slice(0, 10) : value);
  return { filter: Object.fromEntries(known.map(([name, value]) => [name, day(name, value)])) as Filter, isWhole: known.length === pairs.length };
}
