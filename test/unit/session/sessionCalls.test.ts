import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { CancelledError } from "../../../src/base/errors.ts";
import { fakeStack, shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { settle } from "../../support/manualClock.ts";

const lookup = { kind: "command", request: { type: "exec", command: "id" }, purpose: "lookup" } as const;

describe("a session", () => {
  it("can be written to while it is open, and reports its end", async () => {
    const { engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    const [channel] = engine.connection().channels;
    expect([session.write(Buffer.from("ls\n")), String(channel?.written)]).toEqual([true, "ls\n"]);
    expect(session.state.kind).toBe("open");
    manager.killAll();
    await session.ended;
    expect([session.state.kind, session.write(Buffer.from("late"))]).toEqual(["ended", false]);
    expect(String(channel?.written)).toBe("ls\n");
  });

  it("ends its standard input once, and accepts no more after it", async () => {
    const { engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...lookup, purpose: "person" });
    session.eof();
    session.eof();
    expect(session.write(Buffer.from("late"))).toBe(false);
    expect(engine.connection().channels[0]?.log).toEqual(["eof"]);
  });

  it("gets the requested terminal, and none if none was requested", async () => {
    const { engine, manager } = fakeStack();
    await manager.open({ host: "web1", ...shell });
    await manager.open({ host: "web1", ...lookup });
    expect(engine.connection().channels.map(({ spec }) => spec.pty)).toEqual([
      ...[{ term: "xterm", columns: 80, rows: 24 }, undefined],
    ]);
  });

  it("leaves no listener on its caller's signal, however it ended", async () => {
    const { engine, manager } = fakeStack();
    const [opened, failed] = [new AbortController(), new AbortController()];
    await manager.open({ host: "web1", ...shell }, opened.signal);
    engine.connection().openFailure = new Error("no");
    await expect(manager.open({ host: "web1", ...shell }, failed.signal)).rejects.toThrow("no");
    for (const { signal } of [opened, failed]) {
      expect(getEventListeners(signal, "abort")).toEqual([]);
    }
  });

  it("is not opened for a caller that has already cancelled", async () => {
    const { engine, manager } = fakeStack();
    const given = AbortSignal.abort(new CancelledError("given up"));
    await expect(manager.open({ host: "web1", ...shell }, given)).rejects.toThrow("given up");
    expect([engine.requests, manager.masters()]).toEqual([[], []]);
  });

  it("that is being opened ends with killAll, and with everything", async () => {
    for (const ends of ["killAll", "dispose"] as const) {
      const { engine, manager } = fakeStack();
      engine.hold = true;
      const opening = manager.open({ host: "web1", ...shell });
      await settle();
      manager[ends]();
      await expect(opening).rejects.toBeInstanceOf(CancelledError);
    }
  });

  it("is refused after everything has ended", async () => {
    const { engine, manager } = fakeStack();
    manager.dispose();
    await expect(manager.open({ host: "web1", ...shell })).rejects.toBeInstanceOf(CancelledError);
    await expect(manager.connect("web1")).rejects.toBeInstanceOf(CancelledError);
    expect(engine.requests).toEqual([]);
  });
});

describe("a lookup of this extension", () => {
  it("appears in no snapshot and no event, and is not kept in the history", async () => {
    const { engine, manager } = fakeStack();
    const session = await manager.open({ host: "web1", ...shell });
    let changes = 0;
    manager.onDidChange(() => changes++);
    const looking = await manager.open({ host: "web1", ...lookup });
    engine.connection().channels[1]?.end({ code: 0 });
    await looking.ended;
    expect(changes).toBe(0);
    expect(manager.masters()[0]?.sessions.map(({ id }) => id)).toEqual([session.id]);
    expect(manager.history()).toEqual([]);
    engine.connection().channels[0]?.end({ code: 0 });
    await session.ended;
    expect(changes).toBeGreaterThan(0);
    expect(manager.history().map(({ id }) => id)).toEqual([session.id]);
  });
});

describe("a connection", () => {
  it("is made without a session, and cancelled with its caller", async () => {
    const { engine, manager } = fakeStack();
    const id = await manager.connect("web1");
    expect(manager.masters().map((master) => [master.id, master.state.kind])).toEqual([[id, "lingering"]]);
    manager.kill(id);
    engine.hold = true;
    const abort = new AbortController();
    const connecting = manager.connect("web1", abort.signal);
    await settle();
    abort.abort(new CancelledError("given up"));
    await expect(connecting).rejects.toThrow("given up");
    await settle();
    expect(manager.masters()).toEqual([]);
  });

  it("rekeys if it can, and only while it is open", async () => {
    const { engine, manager } = fakeStack();
    const id = await manager.connect("web1");
    const connection = engine.connection();
    let rekeyed = 0;
    Object.assign(connection, { rekey: () => rekeyed++ });
    expect([manager.rekey(id), manager.rekey("m99"), rekeyed]).toEqual([false, false, 0]);
    Object.assign(connection, { capabilities: { rekey: true } });
    expect([manager.rekey(id), rekeyed]).toEqual([true, 1]);
    Object.assign(connection, { ended: { reason: "lost" } });
    expect([manager.rekey(id), rekeyed]).toEqual([false, 1]);
  });

  it("is probed alone, or with all others after a change of the environment", async () => {
    const { clock, engine, manager } = fakeStack([
      ...[{ alias: "web1" }, { alias: "web2", hostName: "web2.test" }].map((host) => testHostConfig(host)),
    ]);
    const first = await manager.connect("web1");
    await manager.connect("web2");
    await clock.advance(1000);
    const pings = () => engine.connections.map((connection) => connection.pings);
    const before = pings();
    manager.probe(first);
    await settle();
    expect(pings().map((count, at) => count - (before[at] ?? 0))).toEqual([1, 0]);
    await clock.advance(1000);
    const between = pings();
    manager.environmentChanged();
    await settle();
    expect(pings().map((count, at) => count - (between[at] ?? 0))).toEqual([1, 1]);
  });

  it("leaves no trace of its sessions in the history above the fiftieth", async () => {
    const { engine, manager } = fakeStack();
    const ids: string[] = [];
    for (let count = 0; count < 52; count++) {
      const session = await manager.open({ host: "web1", ...shell });
      ids.unshift(session.id);
      engine.connection().channels.at(-1)?.end({ code: 0 });
      await session.ended;
    }
    expect(manager.history().map(({ id }) => id)).toEqual(ids.slice(0, 50));
    expect(ids.map((id) => manager.channelDetails(id) !== undefined)).toEqual(ids.map((_, at) => at < 50));
  });
});
