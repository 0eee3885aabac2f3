import { useState } from "react";
import { useTexts } from "../texts";
import Dialog from "../ui/dialog";
import { Button, Check, styles } from "../ui/ui";
import { KEYS_OFF, keysAreOff } from "./keys";
import { choose } from "./settings";

/** Which key does what, and whether single keys do anything. */
export default function Sheet({ close }: { close: () => void }) {
  const { keys, common } = useTexts();
  const [on, setOn] = useState(!keysAreOff());
  const change = (on: boolean) => {
    choose(KEYS_OFF, on ? null : "yes");
    setOn(on);
  };
  return (
    <Dialog title={keys.title} close={close}>
      <dl className={styles.keys}>
        {keys.list.map(([key, what]) => [<dt key={`${key}-key`}><kbd>{key}</kbd></dt>, <dd key={key}>{what}</dd>])}
      </dl>
      <Check label={keys.switch} checked={on} onChange={change} />
      <p className={styles.hint}>{keys.hint}</p>
      <div className={`${styles.row} ${styles.rowEnd}`}><Button onClick={close}>{common.close}</Button></div>
    </Dialog>
  );
}
