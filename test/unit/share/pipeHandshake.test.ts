import { once } from "node:events";
import { connect, createServer, type Server, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type HandshakeInit,
  type HandshakeOutcome,
  proveEachOther,
} from "../../../src/share/meeting/pipeHandshake.ts";
import { until } from "../../lab/until.ts";
import { ManualClock } from "../../support/manualClock.ts";

const secret = Buffer.alloc(32, 7);
const id = "a".repeat(32);
const greeting = "ssh-sessions window 1\n";
const first = greeting.length + 32;
const never = new AbortController().signal;

describe("two processes that prove to each other that they know the secret", () => {
  let clock: ManualClock;
  let server: Server;
  let sockets: Socket[];

  beforeEach(() => {
    clock = new ManualClock();
    sockets = [];
    server = createServer();
  });

  afterEach(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
    expect(clock.pendingTimers).toBe(0);
  });

  /** The two ends of a new pipe. */
  const ends = async (): Promise<{ readonly holder: Socket; readonly visitor: Socket }> => {
    if (!server.listening) {
      server.listen(`\0ssh-sessions-handshake-${process.pid}-${Math.random()}`);
      await once(server, "listening");
    }
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const visitor = connect(server.address() as string);
    const [holder] = await accepted;
    sockets.push(
      holder.on("error", () => {}),
      visitor.on("error", () => {}),
    );
    return { holder, visitor };
  };
  const prove = (
    socket: Socket,
    over: Partial<HandshakeInit> = {},
    signal = never,
  ): Promise<HandshakeOutcome> =>
    proveEachOther(socket, { role: "holder", id, secret, patience: 2000, clock, ...over }, signal);
  /** Reads from a peer of ours as an attacker would. */
  const reads = async (socket: Socket, length: number): Promise<Buffer> => {
    for (;;) {
      const bytes = socket.read(length) as Buffer | null;
      if (bytes !== null) {
        return bytes;
      }
      await once(socket, "readable");
    }
  };

  test("both are let in, and the bytes behind the proof are the first ones of the protocol", async () => {
    const { holder, visitor } = await ends();
    const outcomes = [prove(holder), prove(visitor, { role: "visitor" })];
    await outcomes[1];
    visitor.write("hello");
    expect(await Promise.all(outcomes)).toEqual([{ kind: "proved" }, { kind: "proved" }]);
    const [heard] = (await once(holder, "data")) as [Buffer];
    expect(String(heard)).toBe("hello");
    holder.write("welcome");
    const [answer] = (await once(visitor, "data")) as [Buffer];
    expect(String(answer)).toBe("welcome");
    holder.end();
    await once(visitor, "close");
  });

  test("what comes in the same write as the proof is not lost", async () => {
    const { holder, visitor } = await ends();
    const proved = prove(visitor, { role: "visitor" });
    const write = holder.write.bind(holder);
    const parts: Buffer[] = [];
    holder.write = ((part: Buffer) => parts.push(part) > 0) as Socket["write"];
    const other = prove(holder);
    write(parts[0] ?? Buffer.alloc(0));
    await until(() => parts.length === 2, "the proof of the holder");
    write(Buffer.concat([parts[1] ?? Buffer.alloc(0), Buffer.from("hello")]));
    expect((await proved).kind).toBe("proved");
    const [heard] = (await once(visitor, "data")) as [Buffer];
    expect(String(heard)).toBe("hello");
    expect((await other).kind).toBe("proved");
  });

  test.each<[string, Partial<HandshakeInit>]>([
    ["another secret", { secret: Buffer.alloc(32, 8) }],
    ["another pipe", { id: "b".repeat(32) }],
    ["the same role", { role: "holder" }],
  ])("with %s neither lets the other in, and both sockets are closed", async (_, over) => {
    const { holder, visitor } = await ends();
    const [mine, theirs] = await Promise.all([prove(holder), prove(visitor, { role: "visitor", ...over })]);
    for (const { kind } of [mine, theirs]) {
      expect(["wrong", "closed"]).toContain(kind);
    }
    expect([mine.kind, theirs.kind]).toContain("wrong");
    expect([holder.destroyed, visitor.destroyed]).toEqual([true, true]);
  });

  test.each<[string, (ours: Buffer) => Buffer]>([
    ["garbage", () => Buffer.alloc(200, "x")],
    ["another version of the handshake", () => Buffer.from(greeting.replace("1", "2").padEnd(first, "n"))],
    ["our own nonce", (ours) => ours],
    ["a nonce and a guess", () => Buffer.from(greeting.padEnd(first + 32, "n"))],
    ["a nonce and megabytes", () => Buffer.from(greeting.padEnd(4_000_000, "n"))],
  ])("a process that sends %s is not let in", async (_, says) => {
    const { holder, visitor } = await ends();
    const outcome = prove(holder);
    visitor.write(says(await reads(visitor, first)));
    expect(await outcome).toEqual({ kind: "wrong" });
    expect(holder.destroyed).toBe(true);
    expect(holder.bytesRead).toBeLessThan(200_000);
  });

  test("our own proof, sent back to us, is not taken", async () => {
    const { holder, visitor } = await ends();
    const outcome = prove(holder);
    await reads(visitor, first);
    visitor.write(Buffer.from(greeting.padEnd(first, "n")));
    visitor.write(await reads(visitor, 32));
    expect(await outcome).toEqual({ kind: "wrong" });
  });

  test("all that a window said in an earlier handshake is not taken a second time", async () => {
    const before = await ends();
    const said: Buffer[] = [];
    const write = before.visitor.write.bind(before.visitor);
    before.visitor.write = ((part: Buffer) => {
      said.push(part);
      return write(part);
    }) as Socket["write"];
    const outcomes = await Promise.all([prove(before.holder), prove(before.visitor, { role: "visitor" })]);
    expect(outcomes).toEqual([{ kind: "proved" }, { kind: "proved" }]);
    const { holder, visitor } = await ends();
    const outcome = prove(holder);
    visitor.write(Buffer.concat(said));
    expect(await outcome).toEqual({ kind: "wrong" });
  });

  test("a process between two pipes, which passes everything on, gets in at neither", async () => {
    const [lured, real] = [await ends(), await ends()];
    // The window wants the pipe that the attacker has, and the attacker connects it to the pipe of another window.
    lured.holder.pipe(real.visitor).pipe(lured.holder);
    const outcomes = await Promise.all([
      prove(real.holder, { id: "c".repeat(32) }),
      prove(lured.visitor, { role: "visitor" }),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toContain("wrong");
    expect(outcomes.map(({ kind }) => kind)).not.toContain("proved");
  });

  test.each<[string, number]>([
    ["nothing", 0],
    ["a part of its nonce", first - 1],
    ["a nonce and a part of a proof", first + 31],
  ])("a process that sends %s is waited for until the patience is over", async (_, length) => {
    const { holder, visitor } = await ends();
    const outcome = prove(holder);
    await reads(visitor, first);
    visitor.write(Buffer.from(greeting.padEnd(first + 32, "n").slice(0, length)));
    await until(() => holder.bytesRead === length, "it has come");
    await clock.advance(1999);
    expect(holder.destroyed).toBe(false);
    await clock.advance(1);
    expect(await outcome).toEqual({ kind: "silent" });
    expect(holder.destroyed).toBe(true);
  });

  test.each([0, 10, first, first + 31])(
    "a process that sends %i bytes and closes is not let in",
    async (length) => {
      const { holder, visitor } = await ends();
      const outcome = prove(holder);
      visitor.end(Buffer.from(greeting.padEnd(first + 32, "n").slice(0, length)));
      expect((await outcome).kind).toBe("closed");
    },
  );

  test("a pipe that nobody has is gone, and an error of a pipe in use is no reason to call it so", async () => {
    const socket = connect("\0ssh-sessions-nobody");
    sockets.push(socket);
    expect(await prove(socket, { role: "visitor" })).toEqual({ kind: "gone" });
    const missing = connect("/nonexistent/pipe");
    sockets.push(missing);
    expect(await prove(missing, { role: "visitor" })).toEqual({ kind: "gone" });
    const { holder } = await ends();
    const outcome = prove(holder);
    holder.destroy(Object.assign(new Error("read ENOENT"), { code: "ENOENT", syscall: "read" }));
    expect(await outcome).toEqual({ kind: "closed" });
  });

  test("a pipe that may not be opened is not one that has let us go", async () => {
    const socket = new Socket();
    sockets.push(socket);
    const outcome = prove(socket, { role: "visitor" });
    socket.destroy(Object.assign(new Error("connect EPERM"), { code: "EPERM", syscall: "connect" }));
    expect(await outcome).toEqual({ kind: "failed", why: "connect EPERM" });
  });

  test("it can be cancelled", async () => {
    const { holder } = await ends();
    const abort = new AbortController();
    const outcome = prove(holder, {}, abort.signal);
    const cause = new Error("no more");
    abort.abort(cause);
    await expect(outcome).rejects.toBe(cause);
    expect(holder.destroyed).toBe(true);
  });
});
