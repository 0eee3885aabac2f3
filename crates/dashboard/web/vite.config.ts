import react from "@vitejs/plugin-react";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin, type Rolldown } from "vite";

/** Chunks that are loaded before the list of jobs shows, beside the entry. */
const FIRST_VIEW = "src/jobs/page.tsx";

/** Writes `first.json`, the files of the first view, for the check of their weight. */
function firstView(): Plugin {
  return {
    name: "first-view",
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((file): file is Rolldown.OutputChunk => file.type === "chunk");
      const names = new Set<string>(["assets/theme.js"]);
      const follow = (chunk: Rolldown.OutputChunk) => {
        if (names.has(chunk.fileName)) return;
        names.add(chunk.fileName);
        chunk.viteMetadata?.importedCss.forEach((style) => names.add(style));
        chunks.filter((other) => chunk.imports.includes(other.fileName)).forEach(follow);
      };
      chunks.filter((chunk) => chunk.isEntry || chunk.facadeModuleId?.endsWith(FIRST_VIEW)).forEach(follow);
      this.emitFile({ type: "asset", fileName: "first.json", source: JSON.stringify([...names]) });
    },
  };
}

/** Writes each file once more with gzip and once more with Brotli, when all are there. */
function compressed(): Plugin {
  let folder = "";
  return {
    name: "compressed",
    configResolved(config) {
      folder = config.build.outDir;
    },
    closeBundle() {
      const files = [join(folder, "index.html")];
      files.push(...readdirSync(join(folder, "assets")).map((name) => join(folder, "assets", name)));
      for (const file of files) {
        const bytes = readFileSync(file);
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
      }
    },
  };
}

export default defineConfig({
  // Named from where the page is, so that a proxy may show it below any path.
  base: "./",
  plugins: [react(), firstView(), compressed()],
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: { assetFileNames: "assets/[name]-[hash:8][extname]", chunkFileNames: "assets/[name]-[hash:8].js", entryFileNames: "assets/[name]-[hash:8].js" },
    },
  },
});
