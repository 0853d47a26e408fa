import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nextEvent } from "../../../src/base/emitter.ts";
import type {
  ConnectionEngine,
  EngineChannel,
  EngineConnection,
} from "../../../src/engine/connectionEngine.ts";
import { ChannelError, ForwardError } from "../../../src/engine/engineErrors.ts";
import { freePort } from "../../lab/freePort.ts";
import { makeBench } from "./bench.ts";
import { never, originator } from "./channels.ts";

/** A server that returns what it received, in upper case, once its client has ended its side. */
async function shoutingServer(where: number | string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.on("data", (data) => {
      text += data.toString();
    });
    socket.on("end", () => socket.end(text.toUpperCase()));
    socket.on("error", () => {});
  });
  server.listen(typeof where === "string" ? where : { port: where, host: "127.0.0.1" });
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

/** Sends `text` and EOF, and resolves to everything that is returned. */
async function ask(channel: EngineChannel, text: string): Promise<string> {
  let answer = "";
  channel.onDidReceive(({ data }) => {
    answer += Buffer.from(data).toString();
  });
  channel.resume();
  channel.write(Buffer.from(text));
  channel.eof();
  await nextEvent(channel.onDidClose, AbortSignal.timeout(20_000));
  return answer;
}

/** Acts as a client of the server's listener. */
async function askAt(
  where: { readonly port: number } | { readonly path: string },
  text: string,
): Promise<string> {
  const socket = createConnection({
    ...where,
    ...("port" in where && { host: "127.0.0.1" }),
    allowHalfOpen: true,
  });
  let answer = "";
  socket.on("data", (data) => {
    answer += data.toString();
  });
  socket.end(text);
  await once(socket, "close");
  return answer;
}

/** Answers each connection in upper case once its client has ended its side. */
function shout(channel: EngineChannel): void {
  let text = "";
  channel.onDidReceive(({ data }) => {
    text += Buffer.from(data).toString();
  });
  channel.onDidReceiveEof(() => {
    channel.write(Buffer.from(text.toUpperCase()));
    channel.eof();
    channel.close();
  });
  channel.resume();
}

export function describeForwards(makeEngine: () => ConnectionEngine): void {
  const bench = makeBench(makeEngine);
  const loggedIn = async (): Promise<EngineConnection> => await bench.login(await bench.host());

  test("a forwarded connection to a port can be half-closed by each side", async () => {
    await using target = await shoutingServer(0);
    const connection = await loggedIn();
    const at = { type: "tcp", host: "127.0.0.1", port: target.port } as const;
    expect(await ask(await connection.openForward(at, originator, never()), "hello")).toBe("HELLO");
  });

  test("a forwarded connection to a unix socket carries data", async () => {
    const host = await bench.host();
    const path = join(host.folder, "target.sock");
    await using _target = await shoutingServer(path);
    const connection = await bench.login(host);
    const channel = await connection.openForward({ type: "unix", path }, originator, never());
    expect(await ask(channel, "unix")).toBe("UNIX");
  });

  test("a missing target is refused with the server's code", async () => {
    const connection = await loggedIn();
    const at = { type: "tcp", host: "127.0.0.1", port: await freePort() } as const;
    const error = await connection.openForward(at, originator, never()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ChannelError);
    expect(error).toMatchObject({ reason: "refused", code: 2 });
  });

  test("the server listens at a port that it chooses, passes connections on, and stops on request", async () => {
    const connection = await loggedIn();
    const listener = await connection.listen(
      { type: "tcp", host: "localhost", port: 0 },
      async () => shout,
      never(),
    );
    const port = listener.port ?? 0;
    expect(port).toBeGreaterThan(0);
    expect(await askAt({ port }, "one")).toBe("ONE");
    listener.dispose();
    // The ping is answered after the cancellation.
    await connection.ping(never());
    await expect(askAt({ port }, "two")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("the server listens at a unix socket", async () => {
    const host = await bench.host();
    const path = join(host.folder, "listener.sock");
    const connection = await bench.login(host);
    const listener = await connection.listen({ type: "unix", path }, async () => shout, never());
    expect(listener.port).toBeUndefined();
    expect(await askAt({ path }, "socket")).toBe("SOCKET");
    listener.dispose();
    await connection.ping(never());
  });

  test("a handler that returns nothing refuses the connection, and is called again for the next one", async () => {
    const connection = await loggedIn();
    let takes = false;
    const listener = await connection.listen(
      { type: "tcp", host: "localhost", port: 0 },
      async () => (takes ? shout : undefined),
      never(),
    );
    const { port = 0 } = listener;
    expect(await askAt({ port }, "refused").catch(() => "")).toBe("");
    takes = true;
    expect(await askAt({ port }, "taken")).toBe("TAKEN");
  });

  test("a server that forbids forwarding refuses to listen", async () => {
    const connection = await bench.login(await bench.host({ sshd: { AllowTcpForwarding: "no" } }));
    await expect(
      connection.listen({ type: "tcp", host: "localhost", port: 0 }, async () => shout, never()),
    ).rejects.toSatisfy((error) => ForwardError.is(error) && error.reason === "refused-by-server");
    const at = { type: "tcp", host: "127.0.0.1", port: 1 } as const;
    await expect(connection.openForward(at, originator, never())).rejects.toMatchObject({ code: 1 });
  });

  test("replies to requests to listen and to pings are matched by their order", async () => {
    const connection = await loggedIn();
    const taken = await shoutingServer(0);
    await using _taken = taken;
    const asked = (port: number) =>
      connection
        .listen({ type: "tcp", host: "127.0.0.1", port }, async () => shout, never())
        .then(
          () => "listens",
          () => "refused",
        );
    const answers = await Promise.all([
      asked(0),
      connection.ping(never()).then(() => "pong"),
      asked(taken.port),
      connection.ping(never()).then(() => "pong"),
      asked(0),
    ]);
    expect(answers).toEqual(["listens", "pong", "refused", "pong", "listens"]);
  });

  test("a cancelled request to listen leaves no listener", async () => {
    const connection = await loggedIn();
    const port = await freePort();
    const abort = new AbortController();
    const listening = connection.listen(
      { type: "tcp", host: "localhost", port },
      async () => shout,
      abort.signal,
    );
    abort.abort(new Error("given up"));
    await expect(listening).rejects.toThrow("given up");
    await connection.ping(never());
    await connection.ping(never());
    await expect(askAt({ port }, "nobody")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
}
