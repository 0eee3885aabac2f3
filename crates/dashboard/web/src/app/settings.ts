/** What a person chose here; it stays in this browser. */
const PREFIX = "fuelcell.";

export function setting(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

const RETURN = `${PREFIX}return`;

/** Goes to another site that sends the browser back, and keeps in the tab where it was here. */
export function leaveFor(url: string): void {
  try {
    sessionStorage.setItem(RETURN, window.location.hash || "#/");
  } catch {
    // No storage: what comes back begins anew.
  }
  window.location.assign(url);
}

/** Where the browser was when it left for another site; null when it did not. */
export function returning(): string | null {
  try {
    return sessionStorage.getItem(RETURN);
  } catch {
    return null;
  }
}

export function hasReturned(): void {
  try {
    sessionStorage.removeItem(RETURN);
  } catch {
    // No storage: nothing was kept.
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
