import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, test } from "vitest";
import { FaultProxy } from "../lab/faultProxy.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { SleepingStack } from "../support/sleepingStack.ts";

/** Longer than the extension takes for a busy moment, in milliseconds. */
const nap = 5000;

// The sleeps are real: side by side they take as long as one.
describe.concurrent("the process was stopped, as by a machine that sleeps", () => {
  let host: SshdHost;

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(() => host.stop());

  test("a master whose peer went away meanwhile is known to be hung, long before its heartbeat would tell", async ({
    expect,
  }) => {
    const proxy = await FaultProxy.start(host);
    const child = new SleepingStack(sshConfigBlock("lab", host.via(proxy)), 60, 3);
    try {
      expect(await child.next()).toBe("ready");
      child.sleep();
      proxy.freeze();
      await delay(nap);
      child.wake();
      expect(await child.next()).toBe("hung");
      proxy.thaw();
      expect(await child.next()).toBe("ready");
    } finally {
      await child.stop();
      await proxy.stop();
    }
  });

  test("a connection that was cut meanwhile is lost at once", async ({ expect }) => {
    const proxy = await FaultProxy.start(host);
    const child = new SleepingStack(sshConfigBlock("lab", host.via(proxy)), 60, 3);
    try {
      expect(await child.next()).toBe("ready");
      child.sleep();
      proxy.drop();
      await delay(100);
      child.wake();
      expect(await child.next()).toBe("lost");
    } finally {
      await child.stop();
      await proxy.stop();
    }
  });

  test("a living one stays, however short its heartbeat is beside the sleep", async ({ expect }) => {
    const child = new SleepingStack(host.sshConfigText("lab"), 1, 1);
    try {
      expect(await child.next()).toBe("ready");
      for (let round = 0; round < 2; round++) {
        child.sleep();
        await delay(nap / 2);
        child.wake();
        child.ask();
        let said = await child.next();
        // On a busy machine it may be in doubt for a moment.
        while (said === "suspect" || said === "hung" || said === "ready") {
          said = await child.next();
        }
        expect(said).toBe("answered");
      }
    } finally {
      await child.stop();
    }
  });
});
