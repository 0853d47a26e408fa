import { afterEach } from "vitest";
import type { Workbench } from "../harness/workbench.ts";

/** Takes a screenshot of the workbench after each failed test of the suite. Call it inside `describe`. */
export function screenshotFailures(workbench: () => Workbench): void {
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") {
      await workbench().screenshot(`failed ${task.name.replaceAll(/\W+/g, "-")}`);
    }
  });
}
