import { afterEach } from "vitest";
import type { Workbench } from "../harness/workbench.ts";

/** Takes a picture of the workbench after each test of the suite that failed. To be called inside `describe`. */
export function screenshotFailures(workbench: () => Workbench): void {
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") {
      await workbench().screenshot(`failed ${task.name.replaceAll(/\W+/g, "-")}`);
    }
  });
}
