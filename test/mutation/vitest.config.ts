import { defineConfig } from "vitest/config";
import { testTimeoutVariable } from "./testTimeout.ts";

/**
 * Only the unit tests, without those that read the sources as text (mutants change it), those of the test harness,
 * and slow ones whose code other tests cover.
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
      "test/unit/trust/severalWindows.test.ts",
      "test/unit/vscode/**",
    ],
    // About every third mutant makes a test wait for ever, so this time is most of a run's cost. Most tests take
    // milliseconds.
    testTimeout: Number(process.env[testTimeoutVariable] ?? 4_000),
  },
});
