import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Without it vitest leaves one core to its own process, which is half of a small machine. */
const cores = Math.max(2, availableParallelism());

export default defineConfig({
  test: {
    projects: [
      // Nothing in them waits; a busy machine is slow all the same.
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 60_000,
          maxWorkers: cores,
        },
      },
      {
        test: {
          name: "engine",
          include: ["test/engine/**/*.test.ts"],
          // They mostly wait for real servers and clocks, so more of them than there are cores run side by side.
          maxWorkers: cores + 1,
          // Several times what the longest takes: it ends what hangs, and judges no machine that is busy.
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Hostile servers, files and workspaces. Each case bounds memory, log lines, prompts and growth.
        test: {
          name: "attack",
          include: ["test/attack/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "package",
          include: ["test/package/**/*.test.ts"],
          // It imports JSON without the attribute that Node asks for.
          server: { deps: { inline: [/@actions\/workflow-parser/] } },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Each file has a VS Code and a browser to itself: side by side they would only wait for each other.
        test: {
          name: "ui",
          include: ["test/vscode/ui/**/*.test.ts"],
          globalSetup: "test/vscode/ui/setup.ts",
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
