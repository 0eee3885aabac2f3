import { createContext, type ReactNode, useContext } from "react";
import { en, type Texts } from "./en";

const languages: Record<string, () => Promise<Texts>> = {
  en: async () => en,
  de: async () => (await import("./de")).de,
};

export const LANGUAGES = [
  ["en", "English"],
  ["de", "Deutsch"],
] as const;

/** The language that was chosen here, else the first of the browser's that there is. */
export function preferredLanguage(chosen: string | null): string {
  const wanted = [chosen, ...navigator.languages.map((language) => language.split("-")[0])];
  return wanted.find((language) => language != null && language in languages) ?? "en";
}

export function loadTexts(language: string): Promise<Texts> {
  return (languages[language] ?? languages["en"]!)();
}

const Context = createContext<Texts>(en);

export function TextsProvider({ texts, children }: { texts: Texts; children: ReactNode }) {
  return <Context value={texts}>{children}</Context>;
}

export const useTexts = () => useContext(Context);
