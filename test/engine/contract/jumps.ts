import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import type { ConnectionEngine } from "../../../src/engine/connectionEngine.ts";
import { ChannelError } from "../../../src/engine/engineErrors.ts";
import { freePort } from "../../lab/freePort.ts";
import { makeBench } from "./bench.ts";
import { collect, execSpec, never, originator, run, sha256 } from "./channels.ts";

export function describeJumps(makeEngine: () => ConnectionEngine): void {
  const bench = makeBench(makeEngine);

  test("a connection runs inside another one and ends with it at once", async () => {
    const [jump, target] = await Promise.all([bench.host(), bench.host()]);
    const outer = await bench.login(jump);
    const transport = await outer.openDirectTcpip(
      { host: target.host, port: target.port },
      originator,
      never(),
    );
    const inner = await bench.login(target, { transport });
    expect((await run(inner, "echo through")).stdout).toBe("through\n");
    const ran = collect(await inner.openSession(execSpec("cat"), never()));
    const ended = new Promise<string>((resolve) => inner.onDidClose(({ reason }) => resolve(reason)));
    outer.destroy();
    expect(await ended).toBe("lost");
    expect(await ran).toMatchObject({ lost: true });
  });

  test("the inner connection closes in order and does not affect the outer one", async () => {
    const [jump, target] = await Promise.all([bench.host(), bench.host()]);
    const outer = await bench.login(jump);
    const transport = await outer.openDirectTcpip(
      { host: target.host, port: target.port },
      originator,
      never(),
    );
    const inner = await bench.login(target, { transport });
    const ended = new Promise<string>((resolve) => inner.onDidClose(({ reason }) => resolve(reason)));
    // It has sent everything that it sends after a login: a server that writes to a closed socket stops reading.
    await inner.ping(never());
    inner.close();
    expect(await ended).toBe("closed");
    await target.waitForLog(/Received disconnect from .*:11:/);
    expect((await run(outer, "echo outer")).stdout).toBe("outer\n");
  });

  test("a flood through a jump host arrives byte for byte", async () => {
    const [jump, target] = await Promise.all([bench.host(), bench.host()]);
    const outer = await bench.login(jump);
    const transport = await outer.openDirectTcpip(
      { host: target.host, port: target.port },
      originator,
      never(),
    );
    const inner = await bench.login(target, { transport });
    const { stdout } = await run(inner, "yes jump | head -c 8000000");
    expect(stdout).toHaveLength(8_000_000);
    expect(sha256([Buffer.from(stdout)])).toBe(sha256([Buffer.from("jump\n".repeat(1_600_000))]));
  });

  test("a closed port is refused with the server's code", async () => {
    const outer = await bench.login(await bench.host());
    const failure = await outer
      .openDirectTcpip({ host: "127.0.0.1", port: await freePort() }, originator, never())
      .catch((error: unknown) => error);
    expect(ChannelError.is(failure) && [failure.reason, failure.code]).toEqual(["refused", 2]);
  });

  test("destroying the stream closes its channel, and the server notices", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const outer = await bench.login(await bench.host());
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const connected = once(server, "connection");
    const stream = await outer.openDirectTcpip({ host: "127.0.0.1", port }, originator, never());
    const [socket] = await connected;
    const greeting = once(stream, "data");
    socket.write("hello");
    expect(String((await greeting)[0])).toBe("hello");
    const closed = once(socket, "close");
    socket.resume();
    stream.destroy();
    await closed;
    server.close();
  });

  test("an EOF from the server is a half-close: the stream can still be written", async () => {
    const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const outer = await bench.login(await bench.host());
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const connected = once(server, "connection");
    const stream = await outer.openDirectTcpip({ host: "127.0.0.1", port }, originator, never());
    const [socket] = await connected;
    const ended = once(stream, "end");
    stream.resume();
    socket.end();
    await ended;
    const received = once(socket, "data");
    stream.write("after your end");
    expect(String((await received)[0])).toBe("after your end");
    const closed = once(stream, "close");
    stream.end();
    await closed;
    server.close();
  });
}
