import { describe, expect, it } from "vitest";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { settle } from "../../support/manualClock.ts";

describe("a jump host's connection", () => {
  const hosts = [
    testHostConfig({ alias: "bastion", hostName: "bastion.test" }),
    testHostConfig({ alias: "db", hostName: "db.test", proxyJump: [{ alias: "bastion" }] }),
  ];

  it.each(["lingers out", "is killed", "is lost"])(
    "is released when the connection behind it %s, and closes after its own linger",
    async (how) => {
      const { clock, engine, manager } = fakeStack(hosts);
      const session = await manager.open({ host: "db", ...shell });
      const behind = engine.connections.find(({ channels }) => channels.length > 0);
      const states = () => new Map(manager.masters().map(({ alias, state }) => [alias, state.kind] as const));
      expect([...states()].sort()).toEqual([
        ["bastion", "ready"],
        ["db", "ready"],
      ]);
      if (how === "lingers out") {
        behind?.channels[0]?.end({ code: 0 });
        await session.ended;
        await clock.advance(599_000);
        expect(states().get("bastion")).toBe("ready");
        await clock.advance(2000);
      } else if (how === "is killed") {
        manager.kill(session.snapshot().masterId ?? "");
      } else {
        behind?.end({ reason: "lost" });
      }
      await settle();
      expect(states().get("bastion")).toBe("lingering");
      await clock.advance(601_000);
      expect(states().get("bastion")).toBeUndefined();
      expect(clock.pendingTimers).toBe(0);
    },
  );
});

describe("the warning of an idle limit", () => {
  it("appears again after activity has postponed the end, with a full minute left", async () => {
    const { clock, engine, manager, settings } = fakeStack();
    settings.idle = 300;
    const session = await manager.open({ host: "web1", ...shell });
    const warnings: number[] = [];
    session.onDidWarn(({ secondsLeft }) => warnings.push(secondsLeft));
    for (let round = 1; round <= 3; round++) {
      await clock.advance(250_000);
      expect(warnings).toEqual(Array.from({ length: round }, () => 60));
      engine.connection().channels[0]?.received.fire({ kind: "stdout", data: Buffer.from("x") });
    }
    expect(session.state.kind).toBe("open");
    await clock.advance(301_000);
    expect(warnings).toHaveLength(4);
    expect(session.state).toMatchObject({ kind: "ending", how: "limit" });
  });
});
