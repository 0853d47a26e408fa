import { describe, expect, it } from "vitest";
import { RemoteViewService } from "../../../../src/remote/remoteViewService.ts";
import {
  RemotePolling,
  readAfterFailure,
  readEvery,
} from "../../../../src/vscode/serverView/remotePolling.ts";
import { fakeStack, shell } from "../../../support/fakeStack.ts";
import { settle } from "../../../support/manualClock.ts";
import { FakeServer, fixtureText } from "../../remote/fakeServer.ts";

async function setUp(...answers: string[]) {
  const stack = fakeStack();
  const server = new FakeServer(...(answers.length === 0 ? [fixtureText("debian12Root")] : answers));
  const view = new RemoteViewService({
    access: () => ({ exec: server.exec, sudo: false }),
    hungAfterSeconds: () => 1800,
    clock: stack.clock,
  });
  const polling = new RemotePolling(view, stack.manager, stack.clock);
  const session = await stack.manager.open({ host: "web1", ...shell });
  const pass = async (milliseconds: number): Promise<number> => {
    await stack.clock.advance(milliseconds);
    await settle();
    return server.scripts.length;
  };
  return { ...stack, server, view, polling, session, pass };
}

describe("the fold of a server's view", () => {
  it("is shown expanded on request, until it is hidden", async () => {
    const { polling, pass, view } = await setUp();
    polling.setVisible(true);
    let changes = 0;
    polling.onDidChange(() => changes++);
    expect(polling.isShown("m1")).toBe(false);
    polling.show("m1");
    expect([polling.isShown("m1"), polling.isOpen("m1")]).toEqual([true, true]);
    expect(await pass(0)).toBe(1);
    polling.setOpen("m1", false);
    expect([polling.isShown("m1"), polling.isOpen("m1")]).toEqual([true, false]);
    polling.show("m1");
    expect(polling.isOpen("m1")).toBe(true);
    await pass(0);
    expect(changes).toBeGreaterThan(2);
    polling.hide("m1");
    expect([polling.isShown("m1"), polling.isOpen("m1")]).toEqual([false, false]);
    expect(view.snapshot("m1")).toBeUndefined();
    expect(await pass(60_000)).toBe(2);
  });

  it("is shown without a request while something is hung", async () => {
    const { polling, view, server } = await setUp();
    expect(polling.isShown("m1")).toBe(false);
    await view.refresh("m1");
    const hangs = (view.snapshot("m1")?.sessions ?? []).some(({ hung }) => hung.length > 0);
    expect(polling.isShown("m1")).toBe(hangs);
    expect(hangs).toBe(true);
    expect(server.scripts).toHaveLength(1);
    view.forget("m1");
    expect(polling.isShown("m1")).toBe(false);
  });

  it("is removed with its connection", async () => {
    const { polling, manager } = await setUp();
    polling.show("m1");
    manager.kill("m1");
    await settle();
    expect(polling.isShown("m1")).toBe(false);
  });
});

describe("reading a server's view", () => {
  it("starts when the fold is expanded, continues while it is visible, and ends when it is collapsed", async () => {
    const { polling, view, pass } = await setUp();
    polling.setVisible(true);
    expect(await pass(60_000)).toBe(0);
    polling.setOpen("m1", true);
    expect(await pass(0)).toBe(1);
    expect(await pass(readEvery)).toBe(2);
    polling.setOpen("m1", false);
    expect(await pass(60_000)).toBe(2);
    expect(view.snapshot("m1")).toBeUndefined();
  });

  it("pauses while the view is hidden, and catches up at once", async () => {
    const { polling, pass } = await setUp();
    polling.setVisible(true);
    polling.setOpen("m1", true);
    await pass(0);
    polling.setVisible(false);
    expect(await pass(60_000)).toBe(1);
    polling.setVisible(true);
    expect(await pass(0)).toBe(2);
  });

  it("never has two reads in progress", async () => {
    const { polling, server, pass } = await setUp();
    server.gate = new Promise(() => {});
    polling.setVisible(true);
    polling.setOpen("m1", true);
    expect(await pass(120_000)).toBe(1);
  });

  it("reads a server less often if it can't be read", async () => {
    const { polling, view, pass } = await setUp("");
    polling.setVisible(true);
    polling.setOpen("m1", true);
    await pass(0);
    expect(view.failure("m1")).toBeDefined();
    expect(await pass(readAfterFailure - 1)).toBe(1);
    expect(await pass(1)).toBe(2);
  });

  it("reads a lingering master once, when its fold is expanded, and lets it close", async () => {
    const { polling, manager, engine, view, pass, clock } = await setUp();
    engine.connection().channels[0]?.end({ code: 0 });
    await settle();
    polling.setVisible(true);
    polling.setOpen("m1", true);
    expect(await pass(0)).toBe(1);
    expect(await pass(300_000)).toBe(1);
    polling.refresh();
    expect(await pass(0)).toBe(2);
    await pass(301_000);
    expect(manager.masters()).toEqual([]);
    expect(view.snapshot("m1")).toBeUndefined();
    expect(polling.isOpen("m1")).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it("does not read from a master that does not respond", async () => {
    const { polling, engine, manager, pass, settings } = await setUp();
    settings.keepalive = { ...settings.keepalive, serverAliveInterval: 5, serverAliveCountMax: 100 };
    await manager.refreshPolicies();
    polling.setVisible(true);
    polling.setOpen("m1", true);
    await pass(0);
    engine.connection().answers = false;
    await pass(12_000);
    expect(manager.masters()[0]?.state.kind).toBe("suspect");
    const read = await pass(0);
    expect(await pass(60_000)).toBe(read);
  });

  it("leaves no timer when disposed", async () => {
    const { polling, pass, manager, clock } = await setUp();
    polling.setVisible(true);
    polling.setOpen("m1", true);
    await pass(0);
    const before = clock.pendingTimers;
    polling.dispose();
    polling.dispose();
    expect(clock.pendingTimers).toBe(before - 1);
    manager.dispose();
  });
});
