import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../src/session/sessionTypes.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { shell } from "../support/fakeStack.ts";
import { healthStack } from "../support/healthStack.ts";
import { activeResources, heldMemory, leftBehind } from "../support/heldMemory.ts";
import type { TestStack } from "../support/testStack.ts";

/** The least that a leaked session would cost, in bytes: a few objects, closures and a buffer. */
const leastLeak = 3000;

describe("sessions and connections that open and end", () => {
  let host: SshdHost;

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(() => host.stop());

  it("a thousand sessions leak no socket, timer, object or process", async () => {
    await using stack = await healthStack(host.sshConfigText("lab"), { interval: 1, countMax: 3 });
    await stack.service.connect("lab");
    await openAndEnd(stack, 400);
    const processes = serverProcesses();
    const resources = activeResources();
    const heap = heldMemory().heap;
    const kept = await openAndEnd(stack, 1000);
    await until(() => serverProcesses() <= processes, "the end of the server's processes");
    expect(await leftBehind(resources, activeResources)).toEqual([]);
    const grown = heldMemory().heap - heap;
    expect(kept.filter((session) => session.deref() !== undefined).length).toBeLessThan(20);
    expect(grown).toBeLessThan(1000 * leastLeak);
    expect(stack.master()).toMatchObject({ sessions: [], state: { kind: "lingering" } });
    expect(host.logins()).toBe(1);
  });

  it("fifty logins, half of them killed, leak nothing either", async () => {
    await using stack = await healthStack(host.sshConfigText("lab"), { interval: 1, countMax: 3 });
    const comeAndGo = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const session = await stack.service.open({ host: "lab", ...shell });
        const { masterId = "" } = session.snapshot();
        if (round % 2 === 0) {
          stack.service.kill(masterId);
        } else {
          await stack.service.disconnect(masterId);
        }
        await session.ended;
      }
    };
    // Warms up until the history of ended sessions is full and the code is compiled: both are kept and stop growing.
    await comeAndGo(30);
    const resources = activeResources();
    const heap = heldMemory().heap;
    await comeAndGo(50);
    expect(await leftBehind(resources, activeResources)).toEqual([]);
    await until(() => host.connections().length === 0, "the end of the server's processes");
    expect(stack.service.masters()).toEqual([]);
    // An idle connection has buffers of tens of kilobytes.
    expect(heldMemory().heap - heap).toBeLessThan(50 * 20_000);
  });

  /** Subsystems, because sshd starts only its own process for them. */
  async function openAndEnd(stack: TestStack, count: number): Promise<WeakRef<Session>[]> {
    const sessions: WeakRef<Session>[] = [];
    const one = async (): Promise<void> => {
      const session = await stack.service.open({
        host: "lab",
        kind: "subsystem",
        request: { type: "subsystem", name: "sftp" },
      });
      sessions.push(new WeakRef(session));
      session.resume();
      session.eof();
      expect((await session.ended).kind).toBe("exited");
    };
    for (let batch = 0; batch < count / 20; batch++) {
      await Promise.all(Array.from({ length: 20 }, one));
    }
    return sessions;
  }

  function serverProcesses(): number {
    return host.connections().flatMap(({ all }) => all).length;
  }
});
