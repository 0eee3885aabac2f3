import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Offline } from "./api/client";
import { PreferencesProvider } from "./app/preferences";
import { router } from "./app/router";
import { setting } from "./app/settings";
import { loadTexts, preferredLanguage } from "./texts";
import "./ui/base.css";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      staleTime: 10_000,
      networkMode: "always",
      retry: (count, error) => error instanceof Offline && count < 2,
    },
    mutations: { networkMode: "always" },
  },
});

const texts = await loadTexts(preferredLanguage(setting("language")));
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <PreferencesProvider first={texts}>
          <RouterProvider router={router} />
        </PreferencesProvider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
