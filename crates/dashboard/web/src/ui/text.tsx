import styles from "./ui.module.css";

/** Characters that are not seen, or that turn or cut what stands around them. */
const ODD = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

/**
 * Text of somebody else, shown as what it is: markup stays text, what is not seen is named, and what turns letters around
 * turns nothing. Long texts are cut.
 */
export function Text({ value, max = 2_000 }: { value: string; max?: number }) {
  const cut = value.length > max;
  const shown = cut ? value.slice(0, max) : value;
  const parts: (string | { odd: string })[] = [];
  let last = 0;
  for (const match of shown.matchAll(ODD)) {
    parts.push(shown.slice(last, match.index), { odd: match[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0") });
    last = match.index + match[0].length;
  }
  parts.push(shown.slice(last));
  return (
    <bdi>
      {parts.map((part, index) =>
        typeof part === "string" ? part : <span key={index} className={styles.odd}>U+{part.odd}</span>,
      )}
      {cut && "…"}
    </bdi>
  );
}

/** The same where only plain text can stand, such as a title. */
export function plain(value: string, max = 200): string {
  return shortened(value.replace(ODD, "\ufffd"), max);
}

/** The beginning of a text, with a sign that it goes on. */
export function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}
