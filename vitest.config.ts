import { defineConfig } from "vitest/config";

export default defineConfig({
  // Vite would take graphql's ES modules where Node takes its CommonJS ones, and graphql refuses to be loaded twice.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/fixed-seed.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Whole-process tests share two cores with the rest.
    maxWorkers: 2,
  },
});
