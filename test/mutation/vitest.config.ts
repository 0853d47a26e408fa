import { defineConfig } from "vitest/config";

/**
 * The unit tests alone, without those that read the sources as text (mutants change that text), those of the
 * test harness, and those that take seconds and that other tests of the same code make up for.
 */
export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts"],
    exclude: [
      "test/unit/architecture.test.ts",
      "test/unit/attackSuite.test.ts",
      "test/unit/securityPage.test.ts",
      "test/unit/text/translations.test.ts",
      "test/unit/bench/**",
      "test/unit/engine/channels/manySmallPieces.test.ts",
      "test/unit/harness/**",
      "test/unit/lab/**",
      "test/unit/terminal/*.property.test.ts",
      "test/unit/text/sshCommandLine.test.ts",
      "test/unit/vscode/**",
    ],
    // About every third mutant makes a test wait for ever, so this time is most of what a run costs. The slowest
    // test here takes a second, most take milliseconds.
    testTimeout: 4_000,
  },
});
