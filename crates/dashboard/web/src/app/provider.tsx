import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "../api/client";
import { useTexts } from "../texts";
import { Text } from "../ui/text";
import { Button, Problem, styles } from "../ui/ui";
import { leaveFor } from "./settings";

/** The identity provider, and what went wrong when this browser tried it last; the server tells that once. */
export const PROVIDER = {
  queryKey: ["session", "provider"],
  queryFn: () => call(api.GET("/api/session/provider")),
  staleTime: Infinity,
  retry: false,
};

/** Sends the browser to the identity provider, where there is one. */
export function ProviderSignIn() {
  const t = useTexts();
  const { data } = useQuery(PROVIDER);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  if (!data?.label) return null;
  const { label, failure } = data;
  const go = async (again: boolean) => {
    setError(null);
    setBusy(true);
    try {
      leaveFor((await call(api.POST("/api/session/provider", { params: { query: again ? { again: true } : {} } }))).url);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {failure && (
        <div className={styles.problem} role="alert">
          <p>{t.signIn.failures[failure.code] ?? t.signIn.failed}</p>
          <p><Text value={failure.detail} /></p>
          <small>{failure.code}</small>
        </div>
      )}
      {error !== null && <Problem error={error} />}
      <Button aria-busy={busy} onClick={() => !busy && void go(false)}>{t.signIn.by(label)}</Button>
      {failure && <Button aria-busy={busy} onClick={() => !busy && void go(true)}>{t.signIn.other}</Button>}
    </>
  );
}
