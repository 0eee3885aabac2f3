import { useEffect, useRef } from "react";
import { setting } from "./settings";

const OFF = "keys-off";
/** How long the second key of a pair may take. */
const PAIR = 1_500;

export const keysAreOff = () => setting(OFF) !== null;
export const KEYS_OFF = OFF;

/** Whether somebody types there, so that letters are letters. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}

/**
 * Calls what stands for a key, or for two keys one after the other. Single keys do nothing while somebody types, while a
 * question is open, and when they were switched off.
 */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    let first = { key: "", at: 0 };
    const hear = (event: KeyboardEvent) => {
      const act = (name: string) => {
        const action = latest.current[name];
        if (action) event.preventDefault();
        action?.(event);
        return action !== undefined;
      };
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") return void act("Ctrl K");
      if (event.ctrlKey || event.metaKey || event.altKey || keysAreOff() || isTyping(event.target) || document.querySelector("[role=dialog]")) return;
      const pair = Date.now() - first.at < PAIR ? `${first.key} ${event.key}` : "";
      first = { key: event.key, at: Date.now() };
      if (!(pair && act(pair))) act(event.key);
    };
    document.addEventListener("keydown", hear);
    return () => document.removeEventListener("keydown", hear);
  }, []);
}
