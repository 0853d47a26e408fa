import { defineConfig } from "vitest/config";

/** The unit tests alone, without those that read the sources as text: mutants change that text. */
export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts"],
    exclude: [
      "test/unit/architecture.test.ts",
      "test/unit/securityPage.test.ts",
      "test/unit/text/translations.test.ts",
      "test/unit/vscode/**",
    ],
    testTimeout: 60_000,
  },
});
