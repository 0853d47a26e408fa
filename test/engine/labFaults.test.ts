import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { startAgent } from "../lab/agent.ts";
import { FaultProxy } from "../lab/faultProxy.ts";
import { keyKinds, makeKey } from "../lab/keys.ts";
import { Netns, netnsUnavailable } from "../lab/netns.ts";
import { nextOutput, SshClient } from "../lab/sshClient.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";

const cleanups: (() => unknown)[] = [];

function later<T extends { stop(): Promise<void> }>(thing: T): T {
  cleanups.push(() => thing.stop());
  return thing;
}

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

/** An echo server behind a proxy, and a client that is connected to it. */
async function echo(): Promise<{ proxy: FaultProxy; client: Socket; heard: () => string }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  cleanups.push(() => server.close());
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const proxy = later(await FaultProxy.start({ host: "127.0.0.1", port }));
  const client = connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true });
  await once(client, "connect");
  cleanups.push(() => client.destroy());
  let text = "";
  client.setEncoding("utf8").on("data", (data: string) => {
    text += data;
  });
  return { proxy, client, heard: () => text };
}

describe("a proxy with faults", () => {
  test("delays data while frozen, and loses nothing", async () => {
    const { proxy, client, heard } = await echo();
    client.write("one ");
    await until(() => heard() === "one ");
    proxy.freeze("toClient");
    client.write("two ");
    const other = connect({ host: proxy.host, port: proxy.port });
    cleanups.push(() => other.destroy());
    await once(other, "connect");
    expect(heard()).toBe("one ");
    proxy.thaw();
    await until(() => heard() === "one two ");
    expect(proxy.contacts).toBe(2);
  });

  test("drop resets the connection", async () => {
    const { proxy, client } = await echo();
    await until(() => proxy.connections.length === 1);
    proxy.drop();
    const [error] = await once(client, "error");
    expect(error.code).toBe("ECONNRESET");
    await until(() => proxy.connections.length === 0);
  });

  test("a half-closed connection still carries the other direction", async () => {
    const { proxy, client } = await echo();
    await until(() => proxy.connections.length === 1);
    const end = once(client, "end");
    proxy.halfClose("client");
    await end;
    expect(client.writable).toBe(true);
    expect(proxy.connections.length).toBe(1);
  });

  test("the client's end reaches the server after all data, and the server's end is passed back", async () => {
    const { client, heard } = await echo();
    const end = once(client, "end");
    client.end("x".repeat(3_000_000));
    await end;
    expect(heard().length).toBe(3_000_000);
  });

  test("refuses connections on request, and accepts them again on the same port", async () => {
    const { proxy } = await echo();
    await proxy.refuse();
    const refused = connect({ host: proxy.host, port: proxy.port });
    const [error] = await once(refused, "error");
    expect(error.code).toBe("ECONNREFUSED");
    await proxy.accept();
    const taken = connect({ host: proxy.host, port: proxy.port });
    cleanups.push(() => taken.destroy());
    await once(taken, "connect");
  });

  test("a slow or distant link delays the text, which arrives complete", async () => {
    const { proxy, client, heard } = await echo();
    proxy.limit({ bytesPerSecond: 200_000 }, "toClient");
    proxy.limit({ delayMs: 50 }, "toServer");
    const before = performance.now();
    const text = "0123456789".repeat(5000);
    client.write(text);
    await until(() => heard().length === text.length);
    expect(heard()).toBe(text);
    // 50 ms to the server, 250 ms back. Only a lower bound: a busy machine may be slower.
    expect(performance.now() - before).toBeGreaterThan(250);
  });

  test("a connection that ends after some bytes ends ssh's handshake", async () => {
    const host = later(await startSshd());
    const proxy = later(await FaultProxy.start(host));
    const client = later(await SshClient.for(host.via(proxy)));
    proxy.cutAfter(10);
    await expect(client.run("true")).rejects.toMatchObject({ code: 255 });
    proxy.cutAfter(500, "toClient", "end");
    await expect(client.run("true")).rejects.toMatchObject({ code: 255 });
    proxy.cutAfter(undefined);
    expect(await client.run("echo in")).toBe("in\n");
  });

  test("ssh's own keepalive detects a frozen proxy", async () => {
    const host = later(await startSshd());
    const proxy = later(await FaultProxy.start(host));
    const keepalive = ["ServerAliveInterval 1", "ServerAliveCountMax 1"];
    const client = later(await SshClient.for(host.via(proxy), keepalive));
    const child = client.spawn("echo up; cat");
    expect(await nextOutput(child)).toBe("up");
    expect(host.connections()[0]?.peerPort).toBe(proxy.connections[0]?.serverSidePort);
    proxy.freeze();
    expect((await once(child, "exit"))[0]).toBe(255);
  });
});

describe("a separate network", () => {
  async function host(): Promise<{ netns: Netns; host: SshdHost; client: SshClient }> {
    // Not skipped if it is not possible: the error says what to install or which user is required.
    expect(netnsUnavailable()).toBeUndefined();
    const netns = later(await Netns.start());
    const inside = later(await startSshd({ address: netns.innerAddress, wrap: netns.wrap }));
    return { netns, host: inside, client: later(await SshClient.for(inside)) };
  }

  test("an sshd inside is another host, and silent while packets are dropped", async () => {
    const { netns, client } = await host();
    const child = client.spawn("echo $SSH_CONNECTION; cat");
    expect(await nextOutput(child)).toContain(netns.outerAddress);
    await netns.dropPackets();
    child.stdin.write("through\n");
    await expect(client.run("true", ["-o", "ConnectTimeout=1"])).rejects.toThrow(/timed out/);
    await netns.passPackets();
    expect(await nextOutput(child)).toBe("through");
  });

  test("the cable can be unplugged, and the address removed and restored", async () => {
    const { netns, client } = await host();
    const child = client.spawn("echo up; cat");
    expect(await nextOutput(child)).toBe("up");
    await netns.linkDown();
    await expect(client.run("true", ["-o", "ConnectTimeout=1"])).rejects.toThrow();
    await netns.linkUp();
    child.stdin.write("one\n");
    expect(await nextOutput(child)).toBe("one");
    await netns.removeAddress();
    await expect(client.run("true", ["-o", "ConnectTimeout=1"])).rejects.toThrow();
    await netns.addAddress();
    child.stdin.write("two\n");
    expect(await nextOutput(child)).toBe("two");
  });

  test("a slow cable and lost packets delay data, a rejecting one resets the connection", async () => {
    const { netns, client } = await host();
    // With more loss, the same packet would now and then be lost so often that its retransmission takes a minute.
    await netns.losePackets(10);
    expect(await client.run("echo in spite of it")).toBe("in spite of it\n");
    await netns.passPackets();
    await netns.limit(50_000);
    expect((await client.run("head -c 30000 /dev/zero")).length).toBe(30_000);
    await netns.limit(undefined);
    const child = client.spawn("echo up; cat");
    expect(await nextOutput(child)).toBe("up");
    await netns.rejectPackets();
    const exit = once(child, "exit");
    child.stdin.write("anyone there?\n");
    expect((await exit)[0]).toBe(255);
  });
});

describe("keys and agents", () => {
  test("keys of all types, plain and encrypted, go through an agent and log in", async () => {
    const host = later(await startSshd());
    const agent = later(await startAgent());
    for (const kind of keyKinds) {
      const passphrase = kind.startsWith("rsa") ? "" : "secret words";
      const key = await makeKey(`${host.folder}/${kind}`, { kind, passphrase, rounds: 4 });
      await host.authorize(key.publicLine);
      await agent.add(key.file, { passphrase });
    }
    expect((await agent.list()).length).toBe(keyKinds.length);
    const login = { ...host.via(host), keyFile: `${host.folder}/ecdsa-384` };
    const client = later(await SshClient.for(login, [`IdentityAgent ${agent.socket}`]));
    expect(await client.run("echo in")).toBe("in\n");
    expect(host.log()).toContain(`Accepted publickey for ${host.user}`);
    await agent.remove(login.keyFile);
    await expect(client.run("true")).rejects.toThrow(/Permission denied/);
  });

  test("older file formats are really in that format", async () => {
    const host = later(await startSshd());
    const pem = await makeKey(`${host.folder}/pem`, {
      kind: "rsa-2048",
      format: "PEM",
      passphrase: "secret",
    });
    const pkcs8 = await makeKey(`${host.folder}/pkcs8`, { kind: "ecdsa-256", format: "PKCS8" });
    expect(await readFile(pem.file, "utf8")).toMatch(/BEGIN RSA PRIVATE KEY[\s\S]*ENCRYPTED/);
    expect(await readFile(pkcs8.file, "utf8")).toContain("BEGIN PRIVATE KEY");
  });
});
