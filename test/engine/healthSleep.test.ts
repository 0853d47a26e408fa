import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, test } from "vitest";
import { FaultProxy } from "../lab/faultProxy.ts";
import { sshConfigBlock } from "../lab/sshdConfig.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { SleepingStack } from "../support/sleepingStack.ts";

/** Longer than a delay that counts as a busy process, in milliseconds. */
const nap = 5000;

// The sleeps are real: in parallel they take as long as one.
describe.concurrent("the process was stopped, as when a machine sleeps", () => {
  let host: SshdHost;

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(() => host.stop());

  test("a master whose peer vanished during the sleep is detected as hung long before its keepalive limit", async ({
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

  test("a connection that was cut during the sleep is lost at once", async ({ expect }) => {
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

  test("a forward keeps its listener over the sleep, its connection ends with an error, and new ones work after the reconnect", async ({
    expect,
  }) => {
    const server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
    const proxy = await FaultProxy.start(host);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const target = (server.address() as AddressInfo).port;
    const child = new SleepingStack(sshConfigBlock("lab", host.via(proxy)), 60, 3, target);
    const client = (port: number): Socket => connect({ port, host: "127.0.0.1" });
    const echo = async (socket: Socket): Promise<void> => {
      socket.write("echo");
      await once(socket, "data");
    };
    try {
      const port = Number(await child.next());
      expect(await child.next()).toBe("ready");
      const before = client(port);
      await echo(before);
      const ended = new Promise((resolve) => {
        before.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code));
        before.once("end", () => resolve("end"));
      });
      child.sleep();
      proxy.drop();
      // The kernel accepts it during the sleep.
      const during = client(port);
      await once(during, "connect");
      child.wake();
      expect(await ended).toBe("ECONNRESET");
      await echo(during);
      await echo(client(port));
      const states: (string | undefined)[] = [];
      while (states.at(-1) !== "listening") {
        states.push(await child.next());
      }
      expect(states).toContain("waiting");
      during.destroy();
    } finally {
      await child.stop();
      await proxy.stop();
      server.close();
    }
  });

  test("a live connection stays, even if its keepalive limit is short compared with the sleep", async ({
    expect,
  }) => {
    const child = new SleepingStack(host.sshConfigText("lab"), 1, 1);
    try {
      expect(await child.next()).toBe("ready");
      for (let round = 0; round < 2; round++) {
        child.sleep();
        await delay(nap / 2);
        child.wake();
        child.ask();
        let said = await child.next();
        // On a busy machine it may be suspect for a moment.
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
