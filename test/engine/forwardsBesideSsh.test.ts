import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engineNames } from "../../src/config/engineNames.ts";
import { parseForward } from "../../src/config/forwardSpec.ts";
import { freePort } from "../lab/freePort.ts";
import { SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { type BySide, bySide, equally, type Side } from "../support/besideSsh.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

/** A server for each behaviour of a target. */
type Behaviour = "shout" | "greet" | "hang up" | "reset" | "one way" | "large";

const large = Buffer.alloc(3_000_000, "0123456789abcdef");

function behave(behaviour: Behaviour, socket: Socket): void {
  socket.on("error", () => {});
  switch (behaviour) {
    case "shout": {
      let text = "";
      socket.on("data", (data) => {
        text += data.toString("latin1");
      });
      socket.on("end", () => socket.end(text.toUpperCase(), "latin1"));
      return;
    }
    case "greet":
      socket.resume();
      socket.end("welcome\n");
      return;
    case "hang up":
      socket.end();
      return;
    case "reset":
      socket.once("data", () => socket.resetAndDestroy());
      return;
    case "one way":
      // Ends its side first, and continues reading.
      socket.end("bye");
      socket.resume();
      return;
    case "large":
      socket.resume();
      socket.end(large);
      return;
  }
}

/** What a client received, and that both sides are closed. An end by error counts as an end. */
async function talk(port: number, sends: readonly Uint8Array[], host = "127.0.0.1"): Promise<string> {
  const socket = connect({ port, host, allowHalfOpen: true });
  socket.on("error", () => {});
  const got: Buffer[] = [];
  socket.on("data", (data: Buffer) => got.push(data));
  // Not `once`, which rejects on an error: a reset and an end are the same result here.
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("end", () => socket.end());
  for (const piece of sends) {
    socket.write(piece);
  }
  if (sends.length > 0) {
    socket.end();
  }
  await closed;
  return summary(Buffer.concat(got));
}

function summary(bytes: Buffer): string {
  return bytes.length > 100
    ? `${bytes.length} bytes, ${bytes.equals(large) ? "right" : "other"}`
    : bytes.toString("latin1");
}

const bytes = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))),
  );
const big = (port: number): readonly number[] => [port >> 8, port & 255];

/** A SOCKS client that waits for each reply: the reported outcome, and the data after it. */
async function socks(
  port: number,
  steps: readonly { readonly send: Buffer; readonly answer: number }[],
  data: string,
): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  let got = Buffer.alloc(0);
  let closed = false;
  socket.on("data", (piece: Buffer) => {
    got = Buffer.concat([got, piece]);
  });
  socket.on("end", () => socket.end());
  const close = new Promise<void>((resolve) =>
    socket.once("close", () => {
      closed = true;
      resolve();
    }),
  );
  for (const { send, answer } of steps) {
    socket.write(send);
    const from = got.length;
    await Promise.race([close, until(() => got.length - from >= answer || closed, "an answer")]);
    if (closed) {
      return "closed";
    }
    const reply = got.subarray(from);
    // `ssh` grants the request before it connects, and closes on failure; ours reports the failure.
    if (answer > 2 && reply[1] !== 0 && reply[1] !== 90) {
      await close;
      return "closed";
    }
  }
  const from = got.length;
  socket.end(data);
  await close;
  return got.length === from ? "closed" : summary(got.subarray(from));
}

describe("forwards over each engine, compared with ssh", () => {
  let host: SshdHost;
  const stacks: TestStack[] = [];
  let client: SshClient;
  const servers: { close(): void }[] = [];
  /** The listening ports, by the forward's name. */
  const ports = new Map<string, BySide<number>>();
  const targets = new Map<Behaviour, number>();
  /** The port of a server at `::1`. */
  let six = 0;

  async function serve(
    behaviour: Behaviour,
    where: { port: number; host: string } | { path: string },
  ): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (socket) => behave(behaviour, socket));
    server.listen(where);
    await once(server, "listening");
    servers.push(server);
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  beforeAll(async () => {
    host = await startSshd({ sshd: { PermitOpen: "any" } });
    for (const behaviour of ["shout", "greet", "hang up", "reset", "one way", "large"] as const) {
      targets.set(behaviour, await serve(behaviour, { port: 0, host: "127.0.0.1" }));
    }
    const path = join(host.folder, "t.sock");
    await serve("shout", { path });
    six = await serve("shout", { port: 0, host: "::1" });
    const named: readonly (readonly [string, string])[] = [
      ...[...targets].map(([behaviour, port]) => [behaviour, `127.0.0.1:${port}`] as const),
      ["unix", path],
      ["v6", `[::1]:${six}`],
      ["name", `localhost:${targets.get("shout")}`],
      ["down", `127.0.0.1:${await freePort()}`],
      ["no such name", "no-such-host.invalid:80"],
      ["no such socket", join(host.folder, "none.sock")],
    ];
    const forwards = named.map(([name, target]) => [name, "-L", `:${target}`] as const);
    const all = [...forwards, ["socks", "-D", ""]] as const;
    for (const [name] of all) {
      ports.set(name, await bySide(() => freePort()));
    }
    const options = (side: Side): readonly (readonly [kind: string, rest: string])[] =>
      all.map(([name, kind, rest]) => [kind, `${ports.get(name)?.[side]}${rest}`]);
    const configFile = await host.writeSshConfig(host.folder, ["lab"]);
    for (const engine of engineNames) {
      const stack = await testStack(configFile);
      stacks.push(stack);
      stack.settings.layers = { user: { engine, reconnect: "never" } };
      for (const option of options(engine)) {
        const spec = parseForward(option.join(" "));
        await stack.forwards.start({ host: "lab", spec, origin: { kind: "person" } });
      }
      expect(stack.master().engine).toBe(engine);
    }
    client = await SshClient.for(host.via(host));
    client.spawn("echo ready; exec cat", options("ssh").flat());
    await until(
      async () => (await talk(ports.get("greet")?.ssh ?? 0, []).catch(() => "")) === "welcome\n",
      "ssh forwards",
    );
  });

  afterAll(async () => {
    await client?.stop();
    await Promise.all(stacks.map((stack) => stack[Symbol.asyncDispose]()));
    for (const server of servers) {
      server.close();
    }
    await host?.stop();
  });

  /** The result of each side. */
  async function compare(name: string, act: (port: number) => Promise<string>): Promise<BySide<string>> {
    return await bySide((side) => act(ports.get(name)?.[side] ?? 0));
  }

  const text = Buffer.from("hello");
  test.each<
    readonly [title: string, forward: string, sends: readonly Uint8Array[], host: string, result: string]
  >([
    ["a request and a reply, with each side closed separately", "shout", [text], "127.0.0.1", "HELLO"],
    ["several pieces", "shout", [text, text, text], "127.0.0.1", "HELLOHELLOHELLO"],
    ["a client over IPv6", "shout", [text], "::1", "HELLO"],
    ["3 MB towards the target", "shout", [large], "127.0.0.1", "3000000 bytes, other"],
    ["a server that speaks first", "greet", [], "127.0.0.1", "welcome\n"],
    ["a server that closes at once", "hang up", [], "127.0.0.1", ""],
    ["a server that closes after the client has sent data", "hang up", [text], "127.0.0.1", ""],
    ["a server that resets", "reset", [text], "127.0.0.1", ""],
    ["a server that ends its side first", "one way", [text], "127.0.0.1", "bye"],
    ["3 MB from the target", "large", [], "127.0.0.1", "3000000 bytes, right"],
    ["3 MB from the target over IPv6", "large", [], "::1", "3000000 bytes, right"],
    ["a unix socket of the server", "unix", [text], "127.0.0.1", "HELLO"],
    ["an IPv6 address of the server", "v6", [text], "127.0.0.1", "HELLO"],
    ["a name that the server resolves", "name", [text], "127.0.0.1", "HELLO"],
    ["a closed target port", "down", [text], "127.0.0.1", ""],
    ["a closed target port, and a client that waits", "down", [], "127.0.0.1", ""],
    ["a name that the server can't resolve", "no such name", [text], "127.0.0.1", ""],
    ["a missing unix socket", "no such socket", [text], "127.0.0.1", ""],
  ])("-L: %s", async (_title, forward, sends, from, result) => {
    expect(await compare(forward, (port) => talk(port, sends, from))).toEqual(equally(result));
  });

  const greeting = { send: bytes([5, 1, 0]), answer: 2 };
  const shout = (): number => targets.get("shout") ?? 0;
  test.each<readonly [string, () => readonly { readonly send: Buffer; readonly answer: number }[], string]>([
    ["SOCKS 4", () => [{ send: bytes([4, 1], big(shout()), [127, 0, 0, 1], "me", [0]), answer: 8 }], "DATA"],
    [
      "SOCKS 4 without a user",
      () => [{ send: bytes([4, 1], big(shout()), [127, 0, 0, 1, 0]), answer: 8 }],
      "DATA",
    ],
    [
      "SOCKS 4a",
      () => [{ send: bytes([4, 1], big(shout()), [0, 0, 0, 1, 0], "localhost", [0]), answer: 8 }],
      "DATA",
    ],
    [
      "SOCKS 5, IPv4",
      () => [greeting, { send: bytes([5, 1, 0, 1, 127, 0, 0, 1], big(shout())), answer: 10 }],
      "DATA",
    ],
    [
      "SOCKS 5, IPv6",
      () => [
        greeting,
        {
          send: bytes(
            [5, 1, 0, 4],
            Array.from({ length: 15 }, () => 0),
            [1],
            big(six),
          ),
          answer: 10,
        },
      ],
      "DATA",
    ],
    [
      "SOCKS 5, a request in single bytes",
      () => [
        ...[5, 1].map((byte) => ({ send: bytes([byte]), answer: 0 })),
        { send: bytes([0]), answer: 2 },
        ...[5, 1, 0, 1, 127, 0, 0, 1].map((byte) => ({ send: bytes([byte]), answer: 0 })),
        { send: bytes(big(shout())), answer: 10 },
      ],
      "DATA",
    ],
    [
      "SOCKS 5 with a reserved byte that is not zero",
      () => [greeting, { send: bytes([5, 1, 7, 1, 127, 0, 0, 1], big(shout())), answer: 10 }],
      "closed",
    ],
    [
      "SOCKS 5, a name",
      () => [greeting, { send: bytes([5, 1, 0, 3, 9], "localhost", big(shout())), answer: 10 }],
      "DATA",
    ],
    [
      "SOCKS 5 that also offers a password",
      () => [
        { send: bytes([5, 2, 0, 2]), answer: 2 },
        { send: bytes([5, 1, 0, 1, 127, 0, 0, 1], big(shout())), answer: 10 },
      ],
      "DATA",
    ],
    ["SOCKS 5 that only offers a password", () => [{ send: bytes([5, 1, 2]), answer: 3 }], "closed"],
    [
      "SOCKS 5 BIND",
      () => [greeting, { send: bytes([5, 2, 0, 1, 127, 0, 0, 1], big(shout())), answer: 10 }],
      "closed",
    ],
    ["SOCKS 4 BIND", () => [{ send: bytes([4, 2], big(shout()), [127, 0, 0, 1, 0]), answer: 8 }], "closed"],
    [
      "an unknown address type",
      () => [greeting, { send: bytes([5, 1, 0, 9, 127, 0, 0, 1], big(shout())), answer: 10 }],
      "closed",
    ],
    ["HTTP", () => [{ send: bytes("GET / HTTP/1.0\r\n\r\n"), answer: 1 }], "closed"],
    [
      "an unknown name",
      () => [greeting, { send: bytes([5, 1, 0, 3, 20], "no-such-host.invalid", big(80)), answer: 10 }],
      "closed",
    ],
    [
      "a closed target port",
      () => [greeting, { send: bytes([5, 1, 0, 1, 127, 0, 0, 1], big(1)), answer: 10 }],
      "closed",
    ],
  ])("-D: %s", async (_title, steps, result) => {
    expect(await compare("socks", (port) => socks(port, steps(), "data"))).toEqual(equally(result));
  });
});
