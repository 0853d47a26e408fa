import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { nextEvent } from "../../src/base/emitter.ts";
import { engineNames } from "../../src/config/engineNames.ts";
import { parseForward } from "../../src/config/forwardSpec.ts";
import type { ForwardSnapshot } from "../../src/forward/forwardTypes.ts";
import { freePort } from "../lab/freePort.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

/** The server is this computer, so that a forward to a port of its loopback can be one to itself. */

const cleanups: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function started(engine: (typeof engineNames)[number]): Promise<TestStack> {
  const host = await startSshd();
  cleanups.push(() => host.stop());
  const stack = await testStack(await host.writeSshConfig(host.folder, ["lab"]));
  cleanups.push(() => stack[Symbol.asyncDispose]());
  stack.settings.layers = { user: { engine, reconnect: "never" } };
  return stack;
}

async function start(stack: TestStack, text: string): Promise<ForwardSnapshot> {
  const spec = parseForward(text);
  const forward = await stack.forwards.start({ host: "lab", spec, origin: { kind: "person" } });
  expect(forward.state.kind).toBe("listening");
  return forward;
}

/** A client that sends a request and waits for a reply. Resolves when its connection has ended. */
async function ended(port: number): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  socket.resume();
  socket.write("hello");
  await new Promise((resolve) => socket.once("close", resolve));
}

async function until(stack: TestStack, accept: (all: readonly ForwardSnapshot[]) => boolean): Promise<void> {
  while (!accept(stack.forwards.forwards())) {
    await nextEvent(stack.forwards.onDidChange, AbortSignal.timeout(30_000));
  }
}

const loop = { kind: "refused", error: { reason: "loop" } };

async function expectRefused(stack: TestStack, id: string): Promise<void> {
  await until(stack, () => stack.forwards.forward(id)?.state.kind === "refused");
  const forward = stack.forwards.forward(id);
  expect(forward).toMatchObject({ state: loop });
  // It was found early, and has not used up the descriptors; a busy computer needs a second trial.
  expect(forward?.taken).toBeLessThan(400);
  await untilUnused(stack);
}

async function untilUnused(stack: TestStack): Promise<void> {
  await until(stack, (all) => all.every(({ openConnections }) => openConnections === 0));
}

/** Never answers. Resolves to its port. */
async function silentServer(): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.resume();
  });
  server.listen({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe.each(engineNames)("over the engine %s", (engine) => {
  test("a local forward to its own port is refused when the first client connects, and others work", async () => {
    const stack = await started(engine);
    const port = await freePort();
    const { id } = await start(stack, `-L ${port}:localhost:${port}`);
    const other = await start(stack, `-L 0:127.0.0.1:${await silentServer()}`);
    await ended(port);
    await expectRefused(stack, id);
    await expect(once(connect({ port, host: "127.0.0.1" }), "connect")).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    expect(stack.forwards.forward(other.id)?.state.kind).toBe("listening");
  });

  test("two local forwards to each other's port are found", async () => {
    const stack = await started(engine);
    const [one, two] = [await freePort(), await freePort()];
    await start(stack, `-L ${one}:localhost:${two}`);
    await start(stack, `-L ${two}:localhost:${one}`);
    await ended(one);
    await until(stack, (all) => all.some(({ state }) => state.kind === "refused"));
    // Both may be found at the same time.
    const [refused] = stack.forwards.forwards().filter(({ state }) => state.kind === "refused");
    expect(refused).toMatchObject({ state: loop });
    await untilUnused(stack);
  });

  test("a local and a remote forward to each other's port are found", async () => {
    const stack = await started(engine);
    const [here, there] = [await freePort(), await freePort()];
    const { id } = await start(stack, `-L ${here}:localhost:${there}`);
    await start(stack, `-R ${there}:localhost:${here}`);
    await ended(here);
    await expectRefused(stack, id);
  });

  test("a busy forward whose target never answers is no loop, and its clients stay", async () => {
    const stack = await started(engine);
    const { id, port = 0 } = await start(stack, `-L 0:127.0.0.1:${await silentServer()}`);
    const clients = Array.from({ length: 120 }, () => connect({ port, host: "127.0.0.1" }));
    let gone = 0;
    for (const client of clients) {
      cleanups.push(() => client.destroy());
      client.on("error", () => {});
      client.on("close", () => gone++);
    }
    // Others connect and leave while the forward is tried.
    await until(stack, () => (stack.forwards.forward(id)?.openConnections ?? 0) >= 64);
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const visitor = connect({ port, host: "127.0.0.1" });
        await once(visitor, "connect");
        visitor.destroy();
      }),
    );
    await until(stack, () => stack.forwards.forward(id)?.openConnections === clients.length);
    expect([gone, stack.forwards.forward(id)?.state.kind]).toEqual([0, "listening"]);
  });
});

test("a remote forward to its own port of this computer is refused when the first client connects", async () => {
  const stack = await started("ssh2");
  const port = await freePort();
  const { id } = await start(stack, `-R ${port}:localhost:${port}`);
  await ended(port);
  await expectRefused(stack, id);
});
