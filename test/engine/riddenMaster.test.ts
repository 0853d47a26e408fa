import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, readdir, rename, stat, symlink } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import { findMaster } from "../../src/engine/openssh/findMaster.ts";
import { ridingFolder } from "../../src/engine/openssh/masterFolder.ts";
import type { RiddenConnection } from "../../src/engine/openssh/riddenConnection.ts";
import { rideMaster } from "../../src/engine/openssh/rideMaster.ts";
import { socketPrefix } from "../../src/engine/openssh/socketPrefix.ts";
import { SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { collect, execSpec, never, originator, run } from "./contract/channels.ts";

const execute = promisify(execFile);
const means = { clock: systemClock, logger: silentLogger };
/** Its time limits are over in a tenth of the time. */
const hasty = {
  ...means,
  clock: {
    ...systemClock,
    setTimeout: (callback: () => void, delay: number) => systemClock.setTimeout(callback, delay / 10),
  },
};

/** Masters that a user has made by hand, as `ssh -M` does. */
describe("a master of the user's own ssh", () => {
  let host: SshdHost;
  let client: SshClient;
  let path: string;
  let connections: RiddenConnection[];

  beforeAll(async () => {
    host = await startSshd();
  });

  afterAll(async () => {
    await host.stop();
  });

  beforeEach(async () => {
    client = await SshClient.for(host);
    path = client.controlPath;
    connections = [];
  });

  afterEach(async () => {
    for (const connection of connections) {
      connection.destroy();
    }
    await client.stop();
  });

  const find = () => findMaster(path, systemClock, never());

  /** What `ssh -O` prints, without its end of line. */
  const control = async (command: string): Promise<string> =>
    (await execute("ssh", ["-F", client.configFile, "-S", path, "-O", command, "lab"])).stderr.trim();

  async function startMaster(): Promise<number> {
    const { pid } = client.spawn("", ["-N", "-M", "-S", path]);
    await until(async () => (await find()) !== undefined, "the socket of the master");
    return pid ?? 0;
  }

  async function ride(): Promise<RiddenConnection> {
    const outcome = await rideMaster(path, means, never());
    if (outcome.kind !== "rides") {
      throw new Error(`it is not ridden: ${JSON.stringify(outcome)}`);
    }
    connections.push(outcome.connection);
    return outcome.connection;
  }

  /** A session of the user beside ours, which repeats every line. */
  async function besideOurs(): Promise<() => Promise<string>> {
    const { stdin, stdout } = client.spawn("echo on; cat", ["-S", path]);
    await once(stdout, "data");
    return async () => {
      stdin.write("and on\n");
      const [line] = await Promise.race([once(stdout, "data"), once(stdout, "end").then(() => ["ended"])]);
      return String(line);
    };
  }

  test("is found with its process and the time of its socket, as ssh -O check finds it", async () => {
    const before = Date.now();
    const pid = await startMaster();
    const found = await find();
    expect(await control("check")).toBe(`Master running (pid=${found?.pid})`);
    expect(found?.pid).toBe(pid);
    expect(found?.since).toBeGreaterThan(before - 1_000);
    expect(found?.since).toBeLessThan(Date.now() + 1_000);
  });

  test("carries our sessions without a login, and stays when we leave", async () => {
    await startMaster();
    const logins = host.logins();
    const connection = await ride();
    expect(await run(connection, "echo over; exit 3")).toMatchObject({ stdout: "over\n", exit: { code: 3 } });
    expect(await connection.ping(never())).toBeGreaterThan(0);
    const closed = new Promise((resolve) => connection.onDidClose(resolve));
    connection.close();
    expect(await closed).toEqual({ reason: "closed" });
    expect(await client.run("echo still", ["-S", path])).toBe("still\n");
    expect(host.logins()).toBe(logins);
  });

  test.each(["close", "destroy"] as const)("survives %s while the server has not answered", async (end) => {
    const pid = await startMaster();
    const connection = await ride();
    const ask = await besideOurs();
    const sent = connection.bytesOut;
    host.freeze();
    try {
      const opening = connection.openSession(execSpec("true"), never());
      await until(() => connection.bytesOut > sent, "the open on its way");
      connection[end]();
      await expect(opening).rejects.toMatchObject({ reason: "connection-ended" });
      // A second client of the same master: when it is answered, the master has seen whether the first one left.
      expect((await find())?.pid).toBe(pid);
    } finally {
      host.thaw();
    }
    expect(await ask()).toBe("and on\n");
    expect(await control("check")).toBe(`Master running (pid=${pid})`);
    expect(await run(await ride(), "echo again")).toMatchObject({ stdout: "again\n" });
  });

  test("connects to targets from the server, and listens for us no longer than we use it", async () => {
    await startMaster();
    const ask = await besideOurs();
    const server = await echoServer();
    try {
      const connection = await ride();
      const { port } = server.address() as AddressInfo;
      const channel = await connection.openForward(
        { type: "tcp", host: "127.0.0.1", port },
        originator,
        never(),
      );
      const collected = collect(channel);
      channel.write(Buffer.from("there and back"));
      channel.eof();
      expect((await collected).stdout).toBe("there and back");
      const ours = async () =>
        (await readdir(await ridingFolder())).filter((name) => name.startsWith(socketPrefix()));
      expect(await ours()).toHaveLength(1);
      connection.close();
      await until(async () => (await ours()).length === 0, "the end of the listener");
      expect(await ask()).toBe("and on\n");
    } finally {
      server.close();
    }
  });

  test("lets the server listen for us, and not after we have left", async () => {
    await startMaster();
    const connection = await ride();
    const at = { type: "tcp", host: "127.0.0.1", port: 0 } as const;
    const received: string[] = [];
    const { port = 0 } = await connection.listen(
      at,
      async () => (channel) => {
        channel.onDidReceive(({ data }) => received.push(Buffer.from(data).toString()));
        channel.resume();
      },
      never(),
    );
    connect(port, "127.0.0.1").end("from there");
    await until(() => received.join("") === "from there", "the data");
    connection.close();
    await until(async () => (await connects(port)) === false, "the server to stop listening");
    expect(await control("check")).toMatch(/^Master running/);
  });

  test("that ends is the end of our connection", async () => {
    await startMaster();
    const connection = await ride();
    const closed = new Promise((resolve) => connection.onDidClose(resolve));
    await control("exit");
    expect(await closed).toEqual({ reason: "lost" });
  });

  test("that is stopped is not ridden, and goes on later", async () => {
    const pid = await startMaster();
    process.kill(pid, "SIGSTOP");
    try {
      expect(await rideMaster(path, hasty, never())).toEqual({ kind: "silent" });
    } finally {
      process.kill(pid, "SIGCONT");
    }
    expect(await run(await ride(), "echo on")).toMatchObject({ stdout: "on\n" });
  });

  test("whose server does not answer is not ridden, and survives our question", async () => {
    const pid = await startMaster();
    const ask = await besideOurs();
    host.freeze();
    try {
      expect(await rideMaster(path, hasty, never())).toEqual({ kind: "silent" });
      expect((await find())?.pid).toBe(pid);
    } finally {
      host.thaw();
    }
    expect(await ask()).toBe("and on\n");
    expect(await control("check")).toBe(`Master running (pid=${pid})`);
  });

  test("that was killed leaves its socket, which is not removed", async () => {
    const pid = await startMaster();
    process.kill(pid, "SIGKILL");
    await until(async () => (await find()) === undefined, "the end of the master");
    expect(await rideMaster(path, means, never())).toEqual({ kind: "gone" });
    expect((await stat(path)).isSocket()).toBe(true);
  });

  test("is not used through a link, or with another owner or mode, or where others can replace it", async () => {
    await startMaster();
    const real = path;
    const uid = process.getuid?.() ?? 0;
    const refused = async (): Promise<void> => {
      expect(await find()).toBeUndefined();
      expect(await rideMaster(path, means, never())).toEqual({ kind: "gone" });
    };
    path = `${real}.link`;
    await symlink(real, path);
    await refused();
    path = real;
    await chmod(path, 0o660);
    await refused();
    await chmod(path, 0o600);
    await chown(path, 65_534, -1);
    await refused();
    await chown(path, uid, -1);
    const open = `${client.configFile}.open`;
    await mkdir(open);
    await chmod(open, 0o777);
    path = join(open, "control");
    await rename(real, path);
    await refused();
    // The sticky bit forbids it to others, as in /tmp.
    await chmod(open, 0o1777);
    expect(await find()).toBeDefined();
  });
});

/** A server that sends back what it receives. */
async function echoServer(): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => socket.pipe(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
