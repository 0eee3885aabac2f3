import { compiler } from "markdown-to-jsx";
import { createElement, type Key, type ReactNode, useMemo } from "react";
import page from "../job/job.module.css";
import { type Texts } from "../texts/en";
import { useTexts } from "../texts";
import { Text } from "./text";

/** Longer texts are shown as they were written. */
const MOST = 256 * 1024;
/** So are those with quotes within quotes, on and on. */
const DEEP = /^(?:[ \t]*>){20}/m;
/** A part of a text that is shown whole. */
const PART = 100_000;

/** Elements that are made as they are, without anything that they are said to have. */
const PLAIN = new Set(["blockquote", "br", "code", "del", "div", "em", "hr", "li", "p", "span", "strong", "tbody", "td", "thead", "tr", "ul"]);

type Props = { key?: Key; href?: unknown; alt?: unknown; checked?: unknown; start?: unknown } | null;

/** Only addresses of the web and of people: what runs something, or lies beside the page, leads nowhere. */
function target(href: unknown): string | null {
  const url = typeof href === "string" && URL.canParse(href) ? new URL(href) : null;
  return url && ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
}

const shown = (child: ReactNode, key?: Key): ReactNode =>
  Array.isArray(child) ? child.map(shown) : typeof child === "string" ? <Text key={key} value={child} max={PART} /> : child;

/** Makes the elements of one document: those that are known, and of all others what they hold. */
function maker(words: Texts["job"]["outputs"], top: number) {
  let level = top;
  return (tag: unknown, given: object | null, ...children: ReactNode[]): ReactNode => {
    const props = given as Props;
    const key = props?.key;
    const inner = children.map((child) => shown(child));
    const make = (tag: string, more: object = {}) => createElement(tag, { key, ...more }, ...inner);
    switch (tag) {
      case "h1": case "h2": case "h3": case "h4": case "h5": case "h6":
        // No level is left out.
        level = Math.min(Number(tag[1]) + 2, level + 1, 6);
        return make(`h${level}`);
      case "pre":
        return make("pre", { className: page.text, tabIndex: 0, role: "group", "aria-label": words.code });
      case "table":
        return <div key={key} className={page.dataTable} tabIndex={0} role="group" aria-label={words.code}>{createElement("table", null, ...inner)}</div>;
      case "th":
        return make("th", { scope: "col" });
      case "ol":
        return make("ol", { start: Number(props?.start) || undefined });
      case "input":
        return <span key={key} aria-hidden="true">{props?.checked ? "☑ " : "☐ "}</span>;
      case "img":
        return <span key={key} className={page.picture}><Text value={words.picture(typeof props?.alt === "string" ? props.alt : "")} max={300} /></span>;
      case "a": {
        const to = target(props?.href);
        return to ? make("a", { href: to, target: "_blank", rel: "noopener noreferrer" }) : make("span");
      }
      default:
        return make(typeof tag === "string" && PLAIN.has(tag) ? tag : "span");
    }
  };
}

/**
 * Markdown of somebody else as a document. It is made of elements of this page, never of markup: HTML in it is shown as text,
 * pictures are named and not fetched, links lead out and tell nothing.
 */
export default function Markdown({ text, top = 2 }: { text: string; top?: number }) {
  const t = useTexts();
  const document = useMemo(() => {
    if (text.length > MOST || DEEP.test(text)) return null;
    try {
      return compiler(text, { disableParsingRawHTML: true, forceBlock: true, wrapper: "div", createElement: maker(t.job.outputs, top), slugify: () => "" });
    } catch {
      // It is too intricate.
      return null;
    }
  }, [text, t, top]);
  if (!document) return <pre className={page.text} tabIndex={0} role="group" aria-label={t.job.outputs.code}><Text value={text} max={MOST * 16} /></pre>;
  return <div className={page.document}>{document}</div>;
}
