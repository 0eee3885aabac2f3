import { useInfiniteQuery } from "@tanstack/react-query";
import { api, call, type Place } from "../api/client";

const PAGE = 100;

export function useDatasets(place: Place) {
  return useInfiniteQuery({
    queryKey: ["datasets", place.tenantId, place.projectId],
    queryFn: ({ pageParam }) =>
      call(
        api.GET("/api/{tenantId}/{projectId}/datasets", {
          params: { path: place, query: { pageSize: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
  });
}
