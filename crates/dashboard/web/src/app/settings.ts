/** What a person chose here; it stays in this browser. */
const PREFIX = "fuelcell.";

export function setting(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/** Forgets what was entered in this tab and not sent. */
export function clearTab(): void {
  try {
    sessionStorage.clear();
  } catch {
    // No storage: nothing was kept.
  }
}

export function choose(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // No storage: it holds until the page is left.
  }
}
