import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative, so that the built files work under whatever STATIC_URL Django is given.
  base: "./",
  plugins: [svelte()],
  // The tests mount components in jsdom, where Svelte would else resolve to its server build.
  resolve: process.env.VITEST ? { conditions: ["browser"] } : {},
  build: {
    manifest: true,
    target: "es2022",
    // A data: URI would need a looser Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["src/main.ts", "src/sw.ts"] },
  },
  test: { environment: "jsdom", include: ["tests/**/*.test.ts"] },
});
