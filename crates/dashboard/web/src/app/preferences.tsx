import { createContext, type ReactNode, useEffect, useState } from "react";
import { loadTexts, TextsProvider } from "../texts";
import type { Texts } from "../texts/en";
import { ZoneProvider } from "../ui/time";
import { choose, setting } from "./settings";

type Preferences = {
  theme: string;
  zone: string;
  setTheme: (theme: string) => void;
  setZone: (zone: string) => void;
  setLanguage: (language: string) => void;
};

const nobody = () => undefined;
export const PreferencesContext = createContext<Preferences>({ theme: "system", zone: "local", setTheme: nobody, setZone: nobody, setLanguage: nobody });

/** Theme, language and zone, as they were chosen in this browser. */
export function PreferencesProvider({ first, children }: { first: Texts; children: ReactNode }) {
  const [texts, setTexts] = useState(first);
  const [theme, setTheme] = useState(setting("theme") ?? "system");
  const [zone, setZone] = useState(setting("zone") === "utc" ? "utc" : "local");
  useEffect(() => {
    document.documentElement.lang = texts.language;
  }, [texts]);
  const preferences: Preferences = {
    theme,
    zone,
    setTheme: (theme) => {
      const chosen = theme === "system" ? null : theme;
      choose("theme", chosen);
      if (chosen) document.documentElement.dataset["theme"] = chosen;
      else delete document.documentElement.dataset["theme"];
      setTheme(theme);
    },
    setZone: (zone) => {
      choose("zone", zone);
      setZone(zone);
    },
    setLanguage: (language) => {
      choose("language", language);
      void loadTexts(language).then(setTexts);
    },
  };
  return (
    <PreferencesContext value={preferences}>
      <TextsProvider texts={texts}>
        <ZoneProvider zone={zone === "utc" ? "utc" : "local"}>{children}</ZoneProvider>
      </TextsProvider>
    </PreferencesContext>
  );
}
