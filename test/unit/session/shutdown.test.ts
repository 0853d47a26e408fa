import { describe, expect, it } from "vitest";
import type { ChannelExit } from "../../../src/engine/connectionEngine.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { settle } from "../../support/manualClock.ts";

type Stack = ReturnType<typeof fakeStack>;

/** A session that the server ends in this way. */
async function ended(stack: Stack, exit: ChannelExit) {
  const session = await stack.manager.open({ host: "web1", ...shell });
  stack.engine.connection().channels[0]?.end(exit);
  await session.ended;
  return session;
}

const lost = { kind: "ended", outcome: { kind: "lost", reason: "connection-lost" } };

describe("a session that a signal ended just before its connection was lost", () => {
  it.each([0, 5, 500, 5000, 9999])("is lost if the connection follows after %d ms", async (gap) => {
    const stack = fakeStack();
    const session = await ended(stack, { signal: "HUP" });
    expect(session.state).toMatchObject({ outcome: { kind: "signalled" } });
    await stack.clock.advance(gap);
    stack.engine.connection().end({ reason: "lost" });
    await settle();
    expect(session.state).toMatchObject(lost);
    expect(stack.manager.history()).toMatchObject([{ id: session.id, outcome: lost.outcome }]);
    expect(stack.clock.pendingTimers).toBe(0);
  });

  it.each<ChannelExit>([
    { signal: "HUP" },
    { signal: "TERM" },
    { signal: "KILL" },
    { code: 129 },
    { code: 143 },
    { code: 137 },
  ])("is lost after %j", async (exit) => {
    const stack = fakeStack();
    const session = await ended(stack, exit);
    stack.engine.connection().end({ reason: "disconnected" });
    await settle();
    expect(session.state).toMatchObject({ outcome: { kind: "lost", reason: "closed-by-server" } });
  });

  it.each<ChannelExit>([{ code: 0 }, { code: 1 }, { signal: "SEGV" }, {}])(
    "has ended on its own after %j",
    async (exit) => {
      const stack = fakeStack();
      const session = await ended(stack, exit);
      stack.engine.connection().end({ reason: "lost" });
      await settle();
      expect(session.state).not.toMatchObject(lost);
    },
  );

  it("has ended on its own if the connection stays up for ten seconds", async () => {
    const stack = fakeStack();
    const session = await ended(stack, { signal: "HUP" });
    await stack.clock.advance(10_001);
    stack.engine.connection().end({ reason: "lost" });
    await settle();
    expect(session.state).toMatchObject({ outcome: { kind: "signalled", signal: "HUP" } });
  });

  it("has ended on its own if the user ends the connection", async () => {
    const stack = fakeStack();
    const session = await ended(stack, { signal: "HUP" });
    await stack.manager.disconnect("m1");
    expect(session.state).toMatchObject({ outcome: { kind: "signalled", signal: "HUP" } });
    expect(stack.clock.pendingTimers).toBe(0);
  });

  it("keeps a connection without linger for these ten seconds, and no longer", async () => {
    const stack = fakeStack();
    stack.settings.linger = 0;
    await ended(stack, { signal: "HUP" });
    await stack.clock.advance(9000);
    expect(stack.manager.masters()).toMatchObject([{ state: { kind: "ready" } }]);
    await stack.clock.advance(2000);
    expect(stack.manager.masters()).toEqual([]);
  });
});
