import { type RefObject, useEffect, useRef } from "react";

/**
 * A row of links that scrolls sideways where it has no room: the current one is brought into view whenever `address` changes.
 * The page itself stays where it is.
 */
export function useCurrentInView(address: string): RefObject<HTMLElement | null> {
  const row = useRef<HTMLElement>(null);
  useEffect(() => {
    const frame = row.current?.getBoundingClientRect();
    const current = row.current?.querySelector("[aria-current=page]")?.getBoundingClientRect();
    if (frame && current) row.current?.scrollBy(current.left + current.width / 2 - (frame.left + frame.width / 2), 0);
  }, [address]);
  return row;
}
