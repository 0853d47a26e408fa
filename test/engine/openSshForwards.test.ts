import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nextEvent } from "../../src/base/emitter.ts";
import { parseForward } from "../../src/config/forwardSpec.ts";
import type { ForwardSnapshot } from "../../src/forward/forwardTypes.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

describe("forwards over the engine openssh", () => {
  let host: SshdHost;
  let stack: TestStack;
  let target: number;
  /** Sends everything back in upper case after the client has ended its side. */
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = "";
    socket.on("data", (data) => {
      text += data.toString();
    });
    socket.on("end", () => socket.end(text.toUpperCase()));
    socket.on("error", () => {});
  });

  beforeAll(async () => {
    host = await startSshd();
    server.listen({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const address = server.address();
    target = typeof address === "object" && address !== null ? address.port : 0;
    stack = await testStack(await host.writeSshConfig(host.folder, ["lab"]));
    stack.settings.layers = { user: { engine: "openssh", reconnect: "auto" } };
  });

  afterAll(async () => {
    await stack?.[Symbol.asyncDispose]();
    server.close();
    await host?.stop();
  });

  const start = (text: string): Promise<ForwardSnapshot> =>
    stack.forwards.start({ host: "lab", spec: parseForward(text), origin: { kind: "person" } });

  async function ask(port: number | undefined, data: Uint8Array): Promise<string> {
    const socket = connect({ port: port ?? 0, host: "127.0.0.1", allowHalfOpen: true });
    const got: Buffer[] = [];
    socket.on("data", (piece: Buffer) => got.push(piece));
    socket.end(data);
    await once(socket, "close");
    return Buffer.concat(got).toString("latin1");
  }

  const request = (port: number): Buffer =>
    Buffer.concat([
      Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff]),
      Buffer.from("all"),
    ]);

  test("a local, a dynamic and a remote forward carry data, with each side closed separately", async () => {
    const local = await start(`-L 0:127.0.0.1:${target}`);
    expect(local.state.kind).toBe("listening");
    expect(stack.master().engine).toBe("openssh");
    expect(await ask(local.port, Buffer.from("hello"))).toBe("HELLO");
    const dynamic = await start("-D 0");
    expect((await ask(dynamic.port, request(target))).slice(12)).toBe("ALL");
    const remote = await start(`-R 0:127.0.0.1:${target}`);
    expect(remote.state.kind).toBe("listening");
    expect(await ask(remote.port, Buffer.from("there"))).toBe("THERE");
    const remoteDynamic = await start("-R 0");
    expect((await ask(remoteDynamic.port, request(target))).slice(12)).toBe("ALL");
    const closed = await start("-L 0:127.0.0.1:1");
    expect(await ask(closed.port, Buffer.alloc(0))).toBe("");
    expect(stack.forwards.forward(closed.id)).toMatchObject({
      failed: 1,
      lastFailure: { reason: "refused" },
    });
  });

  test("they come back after the connection is lost, the remote one at the same port", async () => {
    const before = stack.forwards.forwards();
    const [connection] = host.connections();
    if (connection === undefined) {
      throw new Error("the host has no connection");
    }
    const isUp = (): boolean => stack.forwards.forwards().every(({ state }) => state.kind === "listening");
    host.kill(connection);
    while (isUp()) {
      await nextEvent(stack.forwards.onDidChange, AbortSignal.timeout(30_000));
    }
    while (!isUp()) {
      await nextEvent(stack.forwards.onDidChange, AbortSignal.timeout(30_000));
    }
    expect(stack.forwards.forwards().map(({ port }) => port)).toEqual(before.map(({ port }) => port));
    const [local, , remote] = before;
    expect(await ask(local?.port, Buffer.from("again"))).toBe("AGAIN");
    expect(await ask(remote?.port, Buffer.from("there"))).toBe("THERE");
  });
});
