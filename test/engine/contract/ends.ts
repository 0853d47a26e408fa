import { expect, test } from "vitest";
import type {
  ConnectionEnd,
  ConnectionEngine,
  EngineConnection,
} from "../../../src/engine/connectionEngine.ts";
import { ChannelError } from "../../../src/engine/engineErrors.ts";
import { until } from "../../lab/until.ts";
import { makeBench } from "./bench.ts";
import { collect, execSpec, never, originator, run, Screen } from "./channels.ts";

/** Every end that the connection reports; there must be one. */
function ends(connection: EngineConnection): { all: ConnectionEnd[]; first: Promise<ConnectionEnd> } {
  const all: ConnectionEnd[] = [];
  const first = new Promise<ConnectionEnd>((resolve) => {
    connection.onDidClose((end) => {
      all.push(end);
      resolve(end);
    });
  });
  return { all, first };
}

class Expired extends Error {}

/** Aborts on request. */
function expiring(): { signal: AbortSignal; expire(): void } {
  const controller = new AbortController();
  return { signal: controller.signal, expire: () => controller.abort(new Expired()) };
}

export function describeEnds(makeEngine: () => ConnectionEngine): void {
  const bench = makeBench(makeEngine);

  test("close sends a DISCONNECT that the server logs, and the end is reported once", async () => {
    const host = await bench.host();
    const connection = await bench.login(host);
    // It has sent everything that it sends after a login: a server that writes to a closed socket stops reading.
    await connection.ping(never());
    const { all, first } = ends(connection);
    connection.close();
    connection.close();
    expect(await first).toEqual({ reason: "closed" });
    connection.destroy();
    await host.waitForLog(/Received disconnect from .*:11:/);
    expect(all).toHaveLength(1);
    expect(connection.ended).toEqual({ reason: "closed" });
  });

  test("close ends the connection even if the server is stopped", async () => {
    const host = await bench.host();
    const connection = await bench.login(host);
    const { first } = ends(connection);
    host.freeze();
    connection.close();
    expect(await first).toEqual({ reason: "closed" });
    host.thaw();
  });

  test("destroy settles all pending sessions, opens and pings", async () => {
    const host = await bench.host();
    const connection = await bench.login(host);
    const channel = await connection.openSession(execSpec("cat"), never());
    const ran = collect(channel);
    host.freeze();
    const waiting = [
      connection.openSession(execSpec("true"), never()),
      connection.openDirectTcpip({ host: "127.0.0.1", port: host.port }, originator, never()),
      connection.ping(never()),
    ].map((promise) => promise.catch((error: unknown) => error));
    const { all } = ends(connection);
    connection.destroy();
    connection.destroy();
    for (const error of await Promise.all(waiting)) {
      expect(ChannelError.is(error) && error.reason).toBe("connection-ended");
    }
    expect(await ran).toMatchObject({ lost: true, exit: {} });
    expect(all).toEqual([{ reason: "closed" }]);
    expect([channel.write(Buffer.from("x")), channel.sendBreak(1), channel.queuedBytes]).toEqual([
      false,
      false,
      0,
    ]);
    channel.close();
    host.thaw();
  });

  test("nothing opens after the end", async () => {
    const connection = await bench.login(await bench.host());
    connection.destroy();
    for (const late of [connection.openSession(execSpec("true"), never()), connection.ping(never())]) {
      const failure = await late.catch((error: unknown) => error);
      expect(ChannelError.is(failure) && failure.reason).toBe("connection-ended");
    }
  });

  test("killing the server process ends the connection and its sessions", async () => {
    const host = await bench.host();
    const connection = await bench.login(host);
    const channel = await connection.openSession(execSpec("echo ready; exec cat"), never());
    const screen = new Screen(channel);
    const ran = collect(channel);
    await screen.shows(/ready/);
    const { all, first } = ends(connection);
    host.kill(host.connection(connection.info.localPort ?? 0));
    expect(["disconnected", "lost"]).toContain((await first).reason);
    expect(await ran).toMatchObject({ lost: true });
    expect(all).toHaveLength(1);
  });

  test("a reset is reported as lost, with the system's error", async () => {
    const host = await bench.host();
    const proxy = await bench.proxy(host);
    const connection = await bench.loginBy(proxy, host);
    const ran = collect(await connection.openSession(execSpec("cat"), never()));
    const { first } = ends(connection);
    proxy.drop();
    const end = await first;
    expect(end.reason).toBe("lost");
    // `ssh` reports the error of its next write.
    const codes = connection.capabilities.rekey ? ["ECONNRESET"] : ["ECONNRESET", "EPIPE"];
    expect(codes).toContain((end.error as NodeJS.ErrnoException | undefined)?.code);
    expect(await ran).toMatchObject({ lost: true });
  });

  test("a FIN without DISCONNECT is reported as disconnected", async () => {
    const host = await bench.host();
    const proxy = await bench.proxy(host);
    const connection = await bench.loginBy(proxy, host);
    const ran = collect(await connection.openSession(execSpec("cat"), never()));
    const { first } = ends(connection);
    proxy.halfClose("client");
    expect((await first).reason).toBe("disconnected");
    expect(await ran).toMatchObject({ lost: true });
  });

  test("data that arrived before the connection ended is still delivered to a paused reader", async () => {
    const host = await bench.host();
    const proxy = await bench.proxy(host);
    const connection = await bench.loginBy(proxy, host);
    const channel = await connection.openSession(execSpec("echo last words; exec cat"), never());
    channel.pause();
    await until(() => (channel.details().localWindow ?? 0) < (channel.details().localWindowSize ?? 0));
    const texts: string[] = [];
    const closed = new Promise<boolean>((resolve) => {
      channel.onDidReceive(({ data }) => texts.push(Buffer.from(data).toString()));
      channel.onDidClose(({ lost }) => resolve(lost));
    });
    proxy.drop();
    expect(await closed).toBe(true);
    expect(texts.join("")).toBe("last words\n");
  });

  test("an open on a stopped server ends with its deadline and leaves nothing behind", async () => {
    const host = await bench.host();
    const connection = await bench.login(host);
    host.freeze();
    const deadline = expiring();
    const waiting = [
      connection.openSession(execSpec("cat"), deadline.signal),
      connection.openDirectTcpip({ host: "127.0.0.1", port: host.port }, originator, deadline.signal),
      connection.ping(deadline.signal),
    ].map((promise) => promise.catch((error: unknown) => error));
    deadline.expire();
    for (const error of await Promise.all(waiting)) {
      expect(error).toBeInstanceOf(Expired);
    }
    host.thaw();
    // The late confirmations got a CLOSE, and the late reply to the first ping is not taken for that of the second.
    expect(await connection.ping(never())).toBeGreaterThan(0);
    expect((await run(connection, "echo on")).stdout).toBe("on\n");
    const programs = (): number =>
      host.connection(connection.info.localPort ?? 0).all.filter(({ name }) => name === "cat").length;
    await until(() => programs() === 0, "the end of the abandoned session");
  });

  test("an already aborted signal is honoured", async () => {
    const host = await bench.host();
    const connection = await bench.login(host);
    const aborted = AbortSignal.abort(new Expired());
    for (const attempt of [
      connection.openSession(execSpec("true"), aborted),
      connection.openDirectTcpip({ host: "127.0.0.1", port: host.port }, originator, aborted),
      connection.ping(aborted),
    ]) {
      await expect(attempt).rejects.toBeInstanceOf(Expired);
    }
    expect(host.sessions()).toBe(0);
  });

  test("pings measure the round trip, also several at once", async () => {
    const connection = await bench.login(await bench.host());
    const trips = await Promise.all([1, 2, 3].map(() => connection.ping(never())));
    expect(trips.every((trip) => trip > 0)).toBe(true);
  });

  test("the server's keepalive requests are answered, also if a command has ended and a child keeps the pipe open", async () => {
    const host = await bench.host({ sshd: { ClientAliveInterval: 1, ClientAliveCountMax: 2 } });
    const connection = await bench.login(host);
    // The child outlives several intervals; without replies the server, which counts whole seconds, would disconnect
    // after six at most.
    const ran = await run(connection, "(sleep 8; echo late) & exit 0");
    expect(ran).toMatchObject({ stdout: "late\n", lost: false });
    expect(connection.ended).toBeUndefined();
  });

  test("the process keeps no resources after the end", async () => {
    const host = await bench.host();
    const open = (): string[] =>
      process.getActiveResourcesInfo().filter((kind) => /TCPSocket|Timeout|Immediate|Pipe/.test(kind));
    const before = open();
    for (const end of ["close", "destroy"] as const) {
      const connection = await bench.login(host);
      const { first } = ends(connection);
      await run(connection, "true");
      await connection.ping(never());
      connection[end]();
      await first;
    }
    await until(() => open().length <= before.length, `only ${before}`);
  });
}
