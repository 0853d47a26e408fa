import { once } from "node:events";
import { createServer, type Server as NetServer } from "node:net";
import ssh2 from "ssh2";
import { afterEach, beforeEach, expect, test } from "vitest";
import { silentLogger } from "../../src/base/log.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { makeEmbeddedKey } from "../lab/embeddedKey.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { collect, execSpec, never } from "./contract/channels.ts";
import { ScriptedAuthenticator, TrustingVerifier } from "./contract/logins.ts";

/**
 * A server whose first channel waits until the client has acknowledged the data before it, as with Nagle's algorithm.
 */
let listener: NetServer;
let acknowledged = 0;
const segments: number[] = [];
let connection: EngineConnection;

beforeEach(async () => {
  acknowledged = 0;
  segments.length = 0;
  const waiting: (() => void)[] = [];
  const server = new ssh2.Server({
    hostKeys: [makeEmbeddedKey().private],
    debug: (text) => {
      if (text.includes("Received IGNORE")) {
        acknowledged++;
        waiting.shift()?.();
      }
    },
  });
  server.on("connection", (client) => {
    client.on("authentication", (context) => context.accept());
    client.on("error", () => {});
    client.on("session", (accept) => {
      const take = (): void => {
        const session = accept();
        session.on("exec", (acceptExec) => {
          const channel = acceptExec();
          channel.exit(0);
          channel.end();
        });
      };
      // sshd announces its host keys here; any message would do.
      (client as unknown as { _protocol: { ping(): void } })._protocol.ping();
      if (acknowledged === 0) {
        waiting.push(take);
      } else {
        take();
      }
    });
  });
  listener = createServer((socket) => {
    socket.on("data", (data: Buffer) => segments.push(data.length));
    server.injectSocket(socket);
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  connection = await new Ssh2Engine().connect(
    {
      config: testHostConfig({
        hostName: "127.0.0.1",
        port: typeof address === "object" && address !== null ? address.port : 0,
      }),
      tcpKeepAlive: true,
      verifier: new TrustingVerifier(),
      authenticator: new ScriptedAuthenticator([{ method: "none" }]),
      logger: silentLogger,
    },
    never(),
  );
});

afterEach(() => {
  connection.destroy();
  listener.close();
});

test("the first session does not wait for the kernel to acknowledge the server's data after the login", async () => {
  const channel = await connection.openSession(execSpec("true"), never());
  expect((await collect(channel)).exit).toEqual({ code: 0 });
  expect(acknowledged).toBeGreaterThan(0);
});

test("later sessions send no additional messages", async () => {
  await collect(await connection.openSession(execSpec("true"), never()));
  const before = acknowledged;
  await collect(await connection.openSession(execSpec("true"), never()));
  expect(acknowledged).toBe(before);
});

test("the pieces of a packet are sent together", async () => {
  await collect(await connection.openSession(execSpec("true"), never()));
  // ssh2 writes the four bytes of a packet's length first; a server that wakes up for them alone has nothing to do.
  expect(segments.filter((length) => length <= 4)).toEqual([]);
});
