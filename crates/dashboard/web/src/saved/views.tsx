import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Place } from "../api/client";
import { useWhyNot } from "../app/session";
import page from "../jobs/jobs.module.css";
import type { Filter } from "../jobs/list";
import { useTexts } from "../texts";
import Ask from "../ui/ask";
import { plain, Text } from "../ui/text";
import { Button, Field, Problem, styles } from "../ui/ui";
import { filterOf, forget, keep, queryOf, type Saved, savedKey, useSaved } from "./data";
import { Forget, Save } from "./save";

type Asked = { what: "save" } | { what: "rename" | "remove"; view: Saved };

/** Names for filters of the list: each is a link, and the present filters can be given one. */
export default function Views({ place, filter }: { place: Place; filter: Filter }) {
  const t = useTexts();
  const words = t.saved;
  const views = useSaved(place, "views");
  const role = useWhyNot("submitter");
  const [asked, setAsked] = useState<Asked | null>(null);
  const here = queryOf(filter);
  const shown = views.data?.map((view) => ({ view, ...filterOf(view.query ?? "") })) ?? [];
  const current = shown.find((one) => queryOf(one.filter) === here)?.view;
  const close = () => setAsked(null);
  return (
    <section className={page.views} aria-label={words.views}>
      <h2>{words.views}</h2>
      {views.isError && <Problem error={views.error} retry={() => void views.refetch()} />}
      {shown.map(({ view, filter, isWhole }) => (
        <Link key={view.name} to="/p/$tenantId/$projectId/jobs" params={place} search={filter} activeOptions={{ exact: true }} title={isWhole ? undefined : words.partly}>
          <span><Text value={view.name} max={80} /></span>{!isWhole && <span aria-hidden="true">≈</span>}
        </Link>
      ))}
      {views.data?.length === 0 && <p className={styles.hint}>{words.none}</p>}
      <div className={styles.row}>
        <Button why={role ?? (here === "" ? words.needsFilter : null)} onClick={() => setAsked({ what: "save" })}>{words.saveView}</Button>
        {current && <Button why={role} onClick={() => setAsked({ what: "rename", view: current })}>{words.rename}</Button>}
        {current && <Button why={role} onClick={() => setAsked({ what: "remove", view: current })}>{words.remove}</Button>}
      </div>
      {asked?.what === "save" && <Save title={words.saveView} place={place} kind="views" content={{ query: here }} close={close}><p className={styles.hint}>{words.viewHint}</p></Save>}
      {asked?.what === "rename" && <Rename place={place} view={asked.view} close={close} />}
      {asked?.what === "remove" && <Forget place={place} kind="views" item={asked.view} close={close} />}
    </section>
  );
}

/** Another name: it is kept under the new one before it is forgotten under the old one. */
function Rename({ place, view, close }: { place: Place; view: Saved; close: () => void }) {
  const t = useTexts();
  const client = useQueryClient();
  const [name, setName] = useState(view.name);
  const chosen = name.trim();
  const act = async () => {
    if (chosen === view.name) return;
    await keep(place, "views", chosen, { query: view.query ?? "" }, undefined);
    await forget(place, "views", view.name);
    await client.invalidateQueries({ queryKey: savedKey(place, "views") });
  };
  return (
    <Ask title={t.saved.renames(plain(view.name, 60))} submit={t.saved.rename} why={chosen === "" ? t.saved.needsName : null} act={act} close={close}>
      <Field label={t.saved.name}>
        {(props) => <input {...props} type="text" maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
    </Ask>
  );
}
