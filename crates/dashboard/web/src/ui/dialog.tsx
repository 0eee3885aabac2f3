import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { styles } from "./ui";

/** A question over the page; Escape leaves it, and focus goes back to where it was. */
export default function Dialog({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  return (
    <Base.Root open onOpenChange={(open) => !open && close()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={styles.popup}>
          <Base.Title className={styles.popupTitle}>{title}</Base.Title>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
