import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../lab/freePort.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { meetingPlaces } from "../support/meetingPlaces.ts";
import { type WindowForward, WindowProcess } from "../support/windowProcess.ts";

describe.each(meetingPlaces)("the same forward of several windows, by %s", (_, env) => {
  let host: SshdHost;
  let folder: string;
  let windows: WindowProcess[];
  let port: number;
  let target: number;
  const server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    host = await startSshd();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    target = (server.address() as AddressInfo).port;
  });

  afterAll(async () => {
    server.close();
    await host.stop();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-windows-"));
    await writeFile(join(folder, "config"), host.sshConfigText("lab"));
    windows = [];
    port = await freePort();
  });

  afterEach(async () => {
    for (const socket of sockets) {
      socket.destroy();
    }
    await Promise.all(windows.map((window) => window.kill()));
    await rm(folder, { recursive: true, force: true });
  });

  async function newWindow(name: string): Promise<WindowProcess> {
    const window = await WindowProcess.start(join(folder, "config"), join(folder, "sockets"), name, [], env);
    windows.push(window);
    await window.ask({ do: "set", user: { reconnect: "auto" } });
    return window;
  }

  async function look(window: WindowProcess): Promise<WindowForward | undefined> {
    const { forwards } = await window.ask({ do: "look" });
    expect(forwards).toHaveLength(1);
    return forwards[0];
  }

  async function untilIs(window: WindowProcess, state: string): Promise<void> {
    await until(async () => (await look(window))?.state === state, state);
  }

  async function echo(): Promise<Socket> {
    const socket = connect({ port, host: "127.0.0.1" });
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write("echo");
    await once(socket, "data");
    return socket;
  }

  test.each(["local", "remote"])("a %s one is made by the first, and both say so", async (kind) => {
    const text = `${kind === "local" ? "-L" : "-R"} ${port}:127.0.0.1:${target}`;
    const [first, second] = [await newWindow("one"), await newWindow("two")];
    await first.ask({ do: "forward", text });
    await second.ask({ do: "forward", text });
    await echo();
    expect(await look(first)).toEqual({ state: "listening", servedBy: undefined, openConnections: 1 });
    expect(await look(second)).toEqual({ state: "stopped", servedBy: first.child.pid, openConnections: 0 });
  });

  test.each(["closes", "is killed", "stops it"])(
    "the first window %s: another one takes it over, and the rest say so",
    async (how) => {
      const text = `-L ${port}:127.0.0.1:${target}`;
      const first = await newWindow("first");
      await first.ask({ do: "forward", text });
      const others = [await newWindow("two"), await newWindow("three")];
      await Promise.all(others.map((window) => window.ask({ do: "forward", text })));
      await echo();
      if (how === "stops it") {
        await first.ask({ do: "stopForwards" });
      } else {
        await (how === "closes" ? first.close() : first.kill());
      }
      const owners = async (): Promise<readonly WindowProcess[]> => {
        const states = await Promise.all(others.map(look));
        return others.filter((_, index) => states[index]?.state === "listening");
      };
      await until(async () => (await owners()).length === 1, "one that listens");
      const [owner] = await owners();
      const [served] = others.filter((window) => window !== owner);
      await until(
        async () => served !== undefined && (await look(served))?.servedBy === owner?.child.pid,
        "the other one",
      );
      await echo();
    },
  );

  test("windows that start it in the same moment make it once", async () => {
    const text = `-D ${port}`;
    const all = await Promise.all(["one", "two", "three"].map(newWindow));
    await Promise.all(all.map((window) => window.ask({ do: "forward", text })));
    const states = await Promise.all(all.map(look));
    const owner = all[states.findIndex((each) => each?.state === "listening")];
    expect(owner).toBeDefined();
    expect(states.map((each) => each?.servedBy).sort()).toEqual(
      [owner?.child.pid, owner?.child.pid, undefined].sort(),
    );
  });

  test("another target is no reason to leave the port to the first", async () => {
    const [first, second] = [await newWindow("one"), await newWindow("two")];
    await first.ask({ do: "forward", text: `-L ${port}:127.0.0.1:${target}` });
    await second.ask({ do: "forward", text: `-L ${port}:127.0.0.1:${target + 1}` });
    await untilIs(second, "refused");
    expect(await look(first)).toMatchObject({ state: "listening" });
  });

  test("nothing is shared where windows share no connections", async () => {
    const text = `-L ${port}:127.0.0.1:${target}`;
    const [first, second] = [await newWindow("one"), await newWindow("two")];
    await second.ask({ do: "share", on: false });
    await first.ask({ do: "forward", text });
    await second.ask({ do: "forward", text });
    await untilIs(second, "refused");
  });
});
