import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { nextEvent } from "../../src/base/emitter.ts";
import { parseForward } from "../../src/config/forwardSpec.ts";
import type { ForwardSnapshot } from "../../src/forward/forwardTypes.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until as untilTrue } from "../lab/until.ts";
import { activeResources, heldMemory, leftBehind, openDescriptors } from "../support/heldMemory.ts";
import { psql, saidBy, startPostgres, startPsql } from "../support/postgres.ts";
import { type TestStack, testStack } from "../support/testStack.ts";

const run = promisify(execFile);
const cleanups: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function started(clock: Clock = systemClock): Promise<{ host: SshdHost; stack: TestStack }> {
  const host = await startSshd();
  cleanups.push(() => host.stop());
  const stack = await testStack(await host.writeSshConfig(host.folder, ["lab"]), { clock });
  cleanups.push(() => stack[Symbol.asyncDispose]());
  return { host, stack };
}

function start(stack: TestStack, text: string): Promise<ForwardSnapshot> {
  return stack.forwards.start({ host: "lab", spec: parseForward(text), origin: { kind: "person" } });
}

async function listening(server: Server): Promise<number> {
  server.listen({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  cleanups.push(() => server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Sends back what it gets. */
function echoServer(): Promise<number> {
  return listening(
    createServer((socket) => {
      socket.on("error", () => {});
      socket.pipe(socket);
    }),
  );
}

async function until(stack: TestStack, accept: (all: readonly ForwardSnapshot[]) => boolean): Promise<void> {
  while (!accept(stack.forwards.forwards())) {
    await nextEvent(stack.forwards.onDidChange, AbortSignal.timeout(30_000));
  }
}

/** A SOCKS 5 request without authentication (RFC 1928), whose two replies have 12 bytes. */
function socksRequest(port: number): Buffer {
  return Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 0xff]);
}

describe("many connections", () => {
  /** `FORWARD_CONNECTIONS=10000` is the full size. */
  const count = Number(process.env["FORWARD_CONNECTIONS"] ?? 2000);

  /** What a lost connection would cost at the very least, in bytes: a few objects, closures and a buffer. */
  const leastLeak = 3000;

  test.each(["-L", "-D"])(
    `${count} through %s leave no socket, descriptor, timer or object`,
    async (kind) => {
      const { stack } = await started();
      const target = await echoServer();
      const forward = await start(stack, kind === "-L" ? `-L 0:127.0.0.1:${target}` : "-D 0");
      const before = kind === "-L" ? Buffer.alloc(0) : socksRequest(target);
      const replies = kind === "-L" ? 0 : 12;
      /** One in three is reset by the client. */
      const one = async (number: number): Promise<void> => {
        const socket = connect({ port: forward.port ?? 0, host: "127.0.0.1" });
        const closed = once(socket, "close");
        let received = 0;
        socket.on("data", (data) => {
          received += data.length;
          if (received === replies + 4) {
            number % 3 === 0 ? socket.resetAndDestroy() : socket.end();
          }
        });
        socket.write(Buffer.concat([before, Buffer.from("echo")]));
        await closed;
        expect(received).toBe(replies + 4);
      };
      const all = async (number: number): Promise<void> => {
        for (let batch = 0; batch < number / 20; batch++) {
          await Promise.all(Array.from({ length: 20 }, (_, index) => one(index)));
        }
        await until(stack, ([first]) => first?.openConnections === 0);
      };
      await all(500);
      const [resources, descriptors] = [activeResources(), openDescriptors()];
      const { heap, external } = heldMemory();
      await all(count);
      expect(await leftBehind(resources, activeResources)).toEqual([]);
      expect(await leftBehind(descriptors, openDescriptors)).toEqual([]);
      const after = heldMemory();
      expect(after.heap - heap).toBeLessThan(count * leastLeak);
      expect(after.external - external).toBeLessThan(count * leastLeak);
      expect(stack.forwards.forward(forward.id)).toMatchObject({ taken: 500 + count, failed: 0 });
      stack.forwards.stop(forward.id);
      // Nothing else holds the connection: the forward's lease was the only one.
      expect(stack.master()).toMatchObject({ sessions: [], state: { kind: "lingering" } });
    },
  );
});

describe("a server that restarts under load", () => {
  test("the listeners stay, connections end with an error, and new ones work after the reconnect", async () => {
    const { host, stack } = await started();
    stack.settings.layers = { user: { reconnect: "auto" } };
    const target = await echoServer();
    const forwards = [await start(stack, `-L 0:127.0.0.1:${target}`), await start(stack, "-D 0")];
    const [local = 0, socks = 0] = forwards.map(({ port }) => port);
    /** Resolves when its first bytes were echoed; sends on until it is closed. */
    const busy = async (port: number, before: Buffer): Promise<{ ended: Promise<unknown> }> => {
      const socket: Socket = connect({ port, host: "127.0.0.1" });
      cleanups.push(() => socket.destroy());
      const ended = new Promise((resolve) => {
        socket.once("error", resolve);
        socket.once("end", () => resolve("end"));
      });
      socket.write(Buffer.concat([before, Buffer.from("first")]));
      await once(socket, "data");
      socket.on("data", () => socket.write("more"));
      return { ended };
    };
    const none = Buffer.alloc(0);
    const open = await Promise.all([
      ...Array.from({ length: 25 }, () => busy(local, none)),
      ...Array.from({ length: 25 }, () => busy(socks, socksRequest(target))),
    ]);
    await host.down();
    const ends = await Promise.all(open.map(({ ended }) => ended));
    expect(ends.map((end) => (end instanceof Error && "code" in end ? end.code : end))).toEqual(
      ends.map(() => "ECONNRESET"),
    );
    await until(stack, (all) => all.every(({ state }) => state.kind === "waiting"));
    const waiting = [busy(local, none), busy(socks, socksRequest(target))];
    await host.up();
    await Promise.all(waiting);
    await until(stack, (all) => all.every(({ state }) => state.kind === "listening"));
    expect(stack.forwards.forwards().map(({ port }) => port)).toEqual([local, socks]);
    expect(stack.forwards.forwards().map(({ openConnections }) => openConnections)).toEqual([1, 1]);
  });
});

describe("a server that stays away", () => {
  /** From here on half a minute, by which clients are held, takes half a second. The login needs its own time. */
  let isFast = false;
  const clock: Clock = {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    setTimeout: (action, milliseconds) =>
      systemClock.setTimeout(action, isFast && milliseconds === 30_000 ? 500 : milliseconds),
  };

  test("its forwards hold new clients for a bounded time and close them then, and the listener stays", async () => {
    const { host, stack } = await started(clock);
    stack.settings.layers = { user: { reconnect: "auto" } };
    const forward = await start(stack, `-L 0:127.0.0.1:${await echoServer()}`);
    await host.down();
    await until(stack, ([first]) => first?.state.kind === "waiting");
    isFast = true;
    const held = async (): Promise<void> => {
      const socket = connect({ port: forward.port ?? 0, host: "127.0.0.1" });
      socket.resume();
      await once(socket, "close");
    };
    await Promise.all([held(), held(), held()]);
    expect(stack.forwards.forward(forward.id)).toMatchObject({
      state: { kind: "waiting" },
      failed: 3,
      openConnections: 0,
      lastFailure: { reason: "not-connected" },
    });
    await held();
  });
});

describe("programs that use a forward", () => {
  test("curl gets a page through a local forward, and through SOCKS with the name resolved by the server", async () => {
    const { stack } = await started();
    const page = "0123456789".repeat(50_000);
    const web = createHttpServer((_, response) => response.end(page));
    const target = await listening(web);
    const local = await start(stack, `-L 0:127.0.0.1:${target}`);
    const socks = await start(stack, "-D 0");
    const curl = async (...args: readonly string[]): Promise<string> => {
      const { stdout } = await run("curl", ["-sS", "--noproxy", "", ...args], { maxBuffer: 1e7 });
      return stdout;
    };
    expect(await curl(`http://127.0.0.1:${local.port}/`)).toBe(page);
    expect(await curl("--socks5-hostname", `127.0.0.1:${socks.port}`, `http://localhost:${target}/`)).toBe(
      page,
    );
    expect(stack.forwards.forward(socks.id)).toMatchObject({ taken: 1, failed: 0 });
  });

  test("git clones a repository through a local forward, and through SOCKS", async () => {
    const { stack } = await started();
    const folder = await mkdtemp(join(tmpdir(), "ssh-sessions-git-"));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const source = join(folder, "source");
    const git = (...args: readonly string[]): Promise<unknown> =>
      run("git", ["-c", "user.name=lab", "-c", "user.email=lab@example.org", ...args], {
        env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
      });
    await git("init", "-q", source);
    await writeFile(join(source, "file"), "content");
    await git("-C", source, "add", "file");
    await git("-C", source, "commit", "-qm", "first");
    // The plain HTTP protocol of git: files of the repository.
    await git("-C", source, "update-server-info");
    const web = createHttpServer((request, response) => {
      const path = new URL(request.url ?? "", "http://localhost").pathname;
      readFile(join(source, ".git", path)).then(
        (data) => response.end(data),
        () => response.writeHead(404).end(),
      );
    });
    const target = await listening(web);
    const [local, socks] = [await start(stack, `-L 0:127.0.0.1:${target}`), await start(stack, "-D 0")];
    for (const [{ id }, proxy, port] of [
      [local, "", local.port],
      [socks, `socks5h://127.0.0.1:${socks.port}`, target],
    ] as const) {
      const clone = join(folder, id);
      await git("-c", `http.proxy=${proxy}`, "clone", "-q", `http://127.0.0.1:${port}/`, clone);
      expect(await readFile(join(clone, "file"), "utf8")).toBe("content");
      const { taken, failed } = stack.forwards.forward(id) ?? {};
      expect(taken).toBeGreaterThan(0);
      expect(failed).toBe(0);
    }
  });

  test("psql sends and gets rows through a local forward, and cancels a query by a second connection", async () => {
    const { stack } = await started();
    const database = await startPostgres();
    cleanups.push(() => database.stop());
    const forward = await start(stack, `-L 0:127.0.0.1:${database.port}`);
    const through = { port: forward.port ?? 0 };
    const query = "SELECT n, repeat(chr(65 + n % 26), 1000) FROM generate_series(1, 3000) n";
    const [direct, forwarded] = [await psql(database, query), await psql(through, query)];
    expect(forwarded.stdout).toMatch(/^(?:\d+\|[A-Z]{1000}\n){3000}$/);
    expect(forwarded).toEqual(direct);
    await psql(through, "CREATE TABLE sent (n integer, text text)");
    await psql(through, "\\copy sent FROM STDIN", forwarded.stdout.replaceAll("|", "\t"));
    expect((await psql(database, "SELECT count(*), sum(length(text)) FROM sent")).stdout).toBe(
      "3000|3000000\n",
    );
    // Ctrl+C: the request to cancel is sent on a connection of its own, which only the server ends.
    const child = startPsql(through, ["SELECT pg_sleep(600)"]);
    const asked = saidBy(child);
    const active =
      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%_sleep(600)' AND state = 'active'";
    await untilTrue(async () => (await psql(database, active)).stdout === "1\n", "the query");
    child.kill("SIGINT");
    expect((await asked).stderr).toContain("canceling statement due to user request");
    await until(stack, ([first]) => first?.openConnections === 0);
    expect(stack.forwards.forward(forward.id)).toMatchObject({ failed: 0 });
  });
});
