import { describe, expect, it } from "vitest";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import { execute } from "../../../src/session/run/execute.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { settle } from "../../support/manualClock.ts";

describe("unexpected callers", () => {
  it("a listener that kills during a kill does not recurse", async () => {
    const { clock, engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    let depth = 0;
    let deepest = 0;
    manager.onDidChange(() => {
      depth++;
      deepest = Math.max(deepest, depth);
      if (depth < 50) {
        manager.kill(session.id);
      }
      depth--;
    });
    manager.kill(session.id);
    expect(deepest).toBeLessThan(4);
    expect((await session.ended).kind).toBe("killed");
    await clock.advance(300);
    expect(engine.connection().channels[0]?.log.filter((entry) => entry === "close")).toHaveLength(1);
  });

  it.each([Number.NaN, -1, 0])(
    "a time limit of %d is no limit, and starts no timer",
    async (timeLimitSeconds) => {
      const { clock, manager } = fakeStack();
      await manager.open({ host: "web1", ...shell });
      const before = clock.pendingTimers;
      await manager.open({ host: "web1", ...shell, timeLimitSeconds });
      expect(clock.pendingTimers).toBe(before);
    },
  );

  it("an abort at the moment in which the session has opened kills the command", async () => {
    const { clock, engine, manager } = fakeStack();
    const controller = new AbortController();
    const open = manager.open.bind(manager);
    manager.open = async (request, signal) => {
      const session = await open(request, signal);
      controller.abort(new Error("given up"));
      return session;
    };
    await expect(execute(manager, "web1", "sleep 1000", { signal: controller.signal })).rejects.toThrow(
      "given up",
    );
    await clock.advance(300);
    expect(engine.connection().channels[0]?.log).toContain("close");
  });

  it("keeps no output with a limit of 0, and says so", async () => {
    const { engine, manager } = fakeStack();
    const running = execute(manager, "web1", "yes", { maxOutputBytes: 0 });
    await settle();
    const [channel] = engine.connection().channels;
    channel?.received.fire({ kind: "stdout", data: Buffer.from("y\n") });
    channel?.end({ code: 0 });
    expect(await running).toMatchObject({ stdout: Buffer.alloc(0), truncated: true });
  });

  it("input that a command never reads does not keep the caller waiting after its end", async () => {
    const { engine, manager } = fakeStack();
    const open = manager.open.bind(manager);
    manager.open = async (request, signal) => {
      const session = await open(request, signal);
      for (const channel of engine.connection().channels) {
        channel.queuedBytes = 1;
      }
      return session;
    };
    const running = execute(manager, "web1", "true", { stdin: Buffer.alloc(1_000_000) });
    await settle();
    const [channel] = engine.connection().channels;
    expect(channel?.written.length).toBeLessThan(100_000);
    channel?.end({ code: 0 });
    expect((await running).outcome).toEqual({ kind: "exited", code: 0 });
  });
});

describe("a login that fails during a prompt", () => {
  it("closes its prompt", async () => {
    const { engine, manager, logins } = fakeStack();
    engine.failure = new ConnectError("closed-during-handshake", "LoginGraceTime");
    await expect(manager.open({ host: "web1", ...shell })).rejects.toThrow("LoginGraceTime");
    expect(logins.map(({ signal }) => signal.aborted)).toEqual([true]);
  });

  it("also closes it if the deadline is paused for the prompt", async () => {
    const { engine, manager, logins } = fakeStack();
    engine.hold = true;
    const opening = manager.open({ host: "web1", ...shell });
    await settle();
    const [login] = logins;
    void login?.pause(() => new Promise(() => {}));
    engine.failure = new ConnectError("reset", "gone");
    engine.release();
    await expect(opening).rejects.toMatchObject({
      reason: "closed-while-asking",
      cause: engine.failure,
    });
    expect(login?.signal.aborted).toBe(true);
  });
});
