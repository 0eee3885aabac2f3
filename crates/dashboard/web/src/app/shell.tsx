import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { BASE, type Place } from "../api/client";
import { type Connection, useProjectStream } from "../api/stream";
import { useTexts } from "../texts";
import { plain } from "../ui/text";
import { Button, cx, styles } from "../ui/ui";
import { useKeys } from "./keys";
import { type Live, LiveContext } from "./live";
import { type Session, useSession } from "./session";
import { choose } from "./settings";
import shell from "./shell.module.css";

const Settings = lazy(() => import("./account"));
const Palette = lazy(() => import("./palette"));
const Sheet = lazy(() => import("./sheet"));

export function usePlace(): Place {
  const { tenantId, projectId } = useParams({ strict: false });
  return { tenantId: tenantId ?? "", projectId: projectId ?? "" };
}

function ConnectionSign({ connection }: { connection: Connection }) {
  const t = useTexts();
  return (
    <span className={cx(shell.connection, connection === "live" && shell.live)} title={t.connection[connection]}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {connection === "live" ? (
          <circle cx="6" cy="6" r="5" fill="currentColor" />
        ) : (
          <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="3 2" />
        )}
      </svg>
      <span className={shell.connectionWord}>{connection !== "away" && t.connection[connection]}</span>
    </span>
  );
}

function ProjectPicker({ session, place }: { session: Session; place: Place }) {
  const t = useTexts();
  const navigate = useNavigate();
  const tenants = new Set(session.projects.map((project) => project.tenantId)).size;
  const here = `${place.tenantId}/${place.projectId}`;
  const isListed = session.projects.some((project) => `${project.tenantId}/${project.projectId}` === here);
  const go = (value: string) => {
    const [tenantId = "", projectId = ""] = value.split("/");
    choose("project", value);
    void navigate({ to: "/p/$tenantId/$projectId/jobs", params: { tenantId, projectId } });
  };
  return (
    <select
      aria-label={t.project}
      value={here}
      title={session.hasMoreProjects ? t.moreProjects : undefined}
      onChange={(event) => go(event.target.value)}
    >
      {!isListed && <option value={here}>{plain(place.projectId, 60)}</option>}
      {session.projects.map((project) => (
        <option key={project.projectId} value={`${project.tenantId}/${project.projectId}`}>
          {plain(tenants > 1 ? `${project.tenantName} / ${project.projectName}` : project.projectName, 60)}
        </option>
      ))}
    </select>
  );
}

/** The frame of all pages of a project, with the one stream of its events. */
export function Shell() {
  const t = useTexts();
  const session = useSession();
  const place = usePlace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [opened, setOpened] = useState<"settings" | "palette" | "keys" | null>(null);
  const close = () => setOpened(null);
  const listeners = useRef(new Set<Parameters<Live["listen"]>[0]>());
  const connection = useProjectStream(place, (told) => listeners.current.forEach((listener) => listener(told)));
  const [live] = useState<Live>(() => ({
    listen: (listener) => {
      listeners.current.add(listener);
      return () => listeners.current.delete(listener);
    },
  }));
  useEffect(() => {
    if (connection !== "away") return;
    // No events come while the stream is down, so that queries ask by themselves. Files of a digest do not change: theirs
    // are static, and left alone.
    const timer = window.setInterval(() => void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" }), 15_000);
    return () => window.clearInterval(timer);
  }, [connection, client]);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    // Readers and keyboards go on at the new page, not at the link that led there.
    document.getElementById("main")?.focus({ preventScroll: true });
    if (!pathname.endsWith("/jobs")) window.scrollTo(0, 0);
  }, [pathname]);
  const to = (page: "jobs" | "submit" | "datasets" | "pipelines" | "modules") => () => void navigate({ to: `/p/$tenantId/$projectId/${page}`, params: place });
  useKeys({
    "Ctrl K": () => setOpened("palette"),
    "?": () => setOpened("keys"),
    "g j": to("jobs"),
    "g s": to("submit"),
    "g d": to("datasets"),
    "g p": to("pipelines"),
    "g m": to("modules"),
    "/": () => document.querySelector<HTMLElement>("[data-search]")?.focus(),
  });
  const pages = [
    ["/p/$tenantId/$projectId/jobs", t.nav.jobs],
    ["/p/$tenantId/$projectId/submit", t.nav.submit],
    ["/p/$tenantId/$projectId/datasets", t.nav.datasets],
    ["/p/$tenantId/$projectId/pipelines", t.nav.pipelines],
    ["/p/$tenantId/$projectId/modules", t.nav.modules],
    ["/p/$tenantId/$projectId/system", t.nav.system],
    ["/p/$tenantId/$projectId/access", t.nav.access],
    ["/p/$tenantId/$projectId/audit", t.nav.audit],
  ] as const;
  return (
    <LiveContext value={live}>
      <button
        type="button"
        className={shell.skip}
        onClick={() => document.getElementById("main")?.focus()}
      >
        {t.skip}
      </button>
      <header className={shell.header}>
        <Link to="/p/$tenantId/$projectId/jobs" params={place} className={shell.brand}>
          <img src={`${BASE}/assets/icon.svg`} alt="" width="24" height="24" /> Fuelcell
        </Link>
        <nav className={shell.nav} aria-label={t.nav.label}>
          {pages.map(([to, name]) => (
            <Link key={to} to={to} params={place} search={{}} activeProps={{ "aria-current": "page" }} activeOptions={{ includeSearch: false }}>
              {name}
            </Link>
          ))}
        </nav>
        <div className={shell.tools}>
          <ConnectionSign connection={connection} />
          <ProjectPicker session={session} place={place} />
          <Button onClick={() => setOpened("palette")} aria-label={t.palette.open} title={`${t.palette.open} (Ctrl K)`}>
            <svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden="true">
              <circle cx="7" cy="7" r="4.6" />
              <path d="m10.4 10.4 3.8 3.8" />
            </svg>
          </Button>
          <Button onClick={() => setOpened("settings")} aria-label={t.account.open} title={t.account.open}>
            <svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
              <circle cx="8" cy="5.2" r="3" />
              <path d="M2.2 14.4c.6-3 2.9-4.4 5.8-4.4s5.2 1.4 5.8 4.4" />
            </svg>
          </Button>
        </div>
      </header>
      <div role="status">{connection === "away" && <div className={shell.away}>{t.connection.away}</div>}</div>
      <main id="main" className={shell.main} tabIndex={-1}>
        <Suspense fallback={<div className={styles.loading}>{t.common.loading}</div>}>
          <Outlet />
        </Suspense>
      </main>
      <Suspense>
        {opened === "settings" && <Settings close={close} keys={() => setOpened("keys")} />}
        {opened === "palette" && <Palette place={place} close={close} />}
        {opened === "keys" && <Sheet close={close} />}
      </Suspense>
    </LiveContext>
  );
}
