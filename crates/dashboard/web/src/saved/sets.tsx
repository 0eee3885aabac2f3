import { useState } from "react";
import type { Place } from "../api/client";
import type { JsonObject } from "../api/exact";
import { useWhyNot } from "../app/session";
import { useTexts } from "../texts";
import { plain } from "../ui/text";
import { Button, Field, Problem, styles } from "../ui/ui";
import { useSaved } from "./data";
import { Forget, Save } from "./save";

type Props = { place: Place; module: string; parameters: JsonObject; load: (parameters: JsonObject) => void };

/** Parameters of the module that somebody kept: one of them is taken over, or the present ones are kept. */
export function Sets({ place, module, parameters, load }: Props) {
  const t = useTexts();
  const words = t.saved;
  const sets = useSaved(place, "parameters");
  const role = useWhyNot("submitter");
  const [name, setName] = useState("");
  const [asked, setAsked] = useState<"save" | "remove" | null>(null);
  const own = sets.data?.filter((set) => set.module === module) ?? [];
  const chosen = own.find((set) => set.name === name);
  const take = (name: string) => {
    setName(name);
    const set = own.find((set) => set.name === name);
    if (set?.parameters) load(set.parameters);
  };
  const close = () => setAsked(null);
  return (
    <>
      {sets.isError && <Problem error={sets.error} retry={() => void sets.refetch()} />}
      <div className={`${styles.row} ${styles.rowLow}`}>
        <Field label={words.sets}>
          {(props) => (
            <select {...props} value={chosen ? name : ""} onChange={(event) => take(event.target.value)}>
              <option value="">{own.length === 0 ? words.noSets : words.choose}</option>
              {own.map((set) => <option key={set.name} value={set.name}>{plain(set.name, 60)}</option>)}
            </select>
          )}
        </Field>
        <Button why={role} onClick={() => setAsked("save")}>{words.saveSet}</Button>
        {chosen && <Button why={role} onClick={() => setAsked("remove")}>{words.removes(plain(chosen.name, 40))}</Button>}
      </div>
      {asked === "save" && <Save title={words.saveSet} place={place} kind="parameters" content={{ module, parameters }} first={name} close={close} done={setName} />}
      {asked === "remove" && chosen && <Forget place={place} kind="parameters" item={chosen} close={close} />}
    </>
  );
}
