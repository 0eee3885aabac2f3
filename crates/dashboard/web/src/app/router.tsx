import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  Navigate,
  Outlet,
} from "@tanstack/react-router";
import { useTexts } from "../texts";
import { Problem, styles } from "../ui/ui";
import { SessionGate, useSession } from "./session";
import { returning, setting } from "./settings";
import { Shell } from "./shell";

/** Search parameters that are text, by name; all others are left out. */
function texts<const N extends string>(...names: N[]) {
  return (search: Record<string, unknown>): { [name in N]?: string } => {
    const known = names.filter((name) => ["string", "number", "boolean"].includes(typeof search[name]) && search[name] !== "");
    return Object.fromEntries(known.map((name) => [name, String(search[name])])) as { [name in N]?: string };
  };
}

const root = createRootRoute({
  component: () => <SessionGate><Outlet /></SessionGate>,
  notFoundComponent: () => <NotFound />,
  errorComponent: ({ error, reset }) => <Problem error={error} retry={reset} />,
});

function NotFound() {
  const t = useTexts();
  return <div className={styles.empty}><h1>{t.common.notFound}</h1><Link to="/">{t.common.toJobs}</Link></div>;
}

/** To the project that was looked at last, else the first. */
function Start() {
  const t = useTexts();
  const { projects } = useSession();
  const last = setting("project");
  const project = projects.find((project) => `${project.tenantId}/${project.projectId}` === last) ?? projects[0];
  if (!project) return <main className={styles.empty}><h1>Fuelcell</h1><p>{t.noProject}</p></main>;
  const { tenantId, projectId } = project;
  return <Navigate to="/p/$tenantId/$projectId/jobs" params={{ tenantId, projectId }} replace />;
}

const start = createRoute({ getParentRoute: () => root, path: "/", component: Start });
const project = createRoute({ getParentRoute: () => root, path: "p/$tenantId/$projectId", component: Shell });

const jobs = createRoute({
  getParentRoute: () => project,
  path: "jobs",
  validateSearch: texts("status", "type", "priority", "by", "from", "to", "text", "label", "module", "not", "pipeline"),
  component: lazyRouteComponent(() => import("../jobs/page")),
});
const job = createRoute({
  getParentRoute: () => project,
  path: "jobs/$jobId",
  validateSearch: texts("tab", "output"),
  component: lazyRouteComponent(() => import("../job/page")),
});
const submit = createRoute({
  getParentRoute: () => project,
  path: "submit",
  validateSearch: texts("type", "name", "dataset", "parameters"),
  component: lazyRouteComponent(() => import("../submit/page")),
});
const datasets = createRoute({
  getParentRoute: () => project,
  path: "datasets",
  validateSearch: texts("dataset"),
  component: lazyRouteComponent(() => import("../datasets/page")),
});
const modules = createRoute({ getParentRoute: () => project, path: "modules", component: lazyRouteComponent(() => import("../modules/page")) });
const module = createRoute({
  getParentRoute: () => project,
  path: "modules/$name",
  validateSearch: texts("version", "against"),
  component: lazyRouteComponent(() => import("../modules/module")),
});
const pipelines = createRoute({ getParentRoute: () => project, path: "pipelines", component: lazyRouteComponent(() => import("../pipelines/page")) });
const access = createRoute({ getParentRoute: () => project, path: "access", component: lazyRouteComponent(() => import("../access/page")) });
const audit = createRoute({
  getParentRoute: () => project,
  path: "audit",
  validateSearch: texts("subject", "all"),
  component: lazyRouteComponent(() => import("../audit/page")),
});
const compare = createRoute({
  getParentRoute: () => project,
  path: "compare",
  validateSearch: texts("one", "other"),
  component: lazyRouteComponent(() => import("../compare/page")),
});
const system = createRoute({ getParentRoute: () => project, path: "system", component: lazyRouteComponent(() => import("../system/page")) });

// Whoever comes back from an identity provider goes on where they were.
const back = returning();
if (back !== null) window.history.replaceState(null, "", back);

export const router = createRouter({
  routeTree: root.addChildren([start, project.addChildren([jobs, job, submit, datasets, pipelines, modules, module, system, access, audit, compare])]),
  history: createHashHistory(),
  scrollRestoration: false,
  defaultPreload: false,
  // Plain words in the address: ?status=Failed, not ?status="Failed".
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const query = new URLSearchParams(Object.entries(search).filter((pair): pair is [string, string] => typeof pair[1] === "string")).toString();
    return query && `?${query}`;
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
