import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import ssh2 from "ssh2";
import { afterEach, describe, expect, test } from "vitest";
import { AuthError } from "../../src/auth/authErrors.ts";
import type { AuthAttempt } from "../../src/auth/authPorts.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { collect, execSpec, never, run } from "./contract/channels.ts";
import { ScriptedAuthenticator, TrustingVerifier } from "./contract/logins.ts";

/** Servers that do what OpenSSH never does. */
const servers: ssh2.Server[] = [];
const connections: EngineConnection[] = [];

afterEach(() => {
  for (const connection of connections.splice(0)) {
    connection.destroy();
  }
  for (const server of servers.splice(0)) {
    server.close();
  }
});

async function serve(onClient: (client: ssh2.Connection) => void): Promise<number> {
  // Not with ssh2.utils, which can't read some of the ed25519 keys that it makes.
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const hostKey = privateKey.export({ type: "sec1", format: "pem" });
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on("error", () => {});
    onClient(client);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function login(
  port: number,
  attempts: readonly AuthAttempt[] = [{ method: "none" }],
  logger = new RecordingLogger(),
): Promise<EngineConnection> {
  const connection = await new Ssh2Engine().connect(
    {
      config: testHostConfig({ hostName: "127.0.0.1", port }),
      tcpKeepAlive: false,
      verifier: new TrustingVerifier(),
      authenticator: new ScriptedAuthenticator(attempts),
      logger,
    },
    never(),
  );
  connections.push(connection);
  return connection;
}

/** A server that accepts any login and runs `onSession`. */
const welcoming = (onSession: (session: ssh2.Session) => void): Promise<number> =>
  serve((client) => {
    client.on("authentication", (context) => context.accept());
    client.on("session", (accept) => onSession(accept()));
  });

describe("servers other than OpenSSH", () => {
  test("a password that must be changed ends the login with that reason", async () => {
    const port = await serve((client) => {
      client.on("authentication", (context) => {
        if (context.method === "password") {
          context.requestChange("Change it", () => {});
        } else {
          context.reject(["password"]);
        }
      });
    });
    const failure = await login(port, [{ method: "password", password: "old" }]).catch((error) => error);
    expect(AuthError.is(failure) && failure.reason).toBe("password-expired");
  });

  test("a round without questions is logged and answered", async () => {
    const logger = new RecordingLogger();
    const port = await serve((client) => {
      client.on("authentication", (context) => {
        if (context.method === "keyboard-interactive") {
          context.prompt([], "Push", "Look at your telephone", () => context.accept());
        } else {
          context.reject(["keyboard-interactive"]);
        }
      });
    });
    const answer = async ({
      prompts,
    }: {
      readonly prompts: readonly unknown[];
    }): Promise<readonly string[]> => {
      expect(prompts).toEqual([]);
      return [];
    };
    await login(port, [{ method: "keyboard-interactive", answer }], logger);
    expect(logger.lines).toContain("info: The server says: Push");
    expect(logger.lines).toContain("info: The server says: Look at your telephone");
  });

  test("a refused pty is reported, and the program runs without one", async () => {
    const port = await welcoming((session) => {
      session.on("pty", (_accept, reject) => reject());
      session.on("exec", (accept) => {
        const stream = accept();
        stream.write("runs");
        stream.exit(0);
        stream.end();
      });
    });
    const connection = await login(port);
    const pty = { term: "xterm", columns: 80, rows: 24 };
    const channel = await connection.openSession(execSpec("true", { pty }), never());
    expect(channel.ptyRefused).toBe(true);
    expect(channel.details().requests).toMatchObject([
      { name: "pty-req", detail: "xterm 80x24", outcome: "refused" },
      { name: "exec", detail: "true", outcome: "accepted" },
    ]);
    expect(await collect(channel)).toMatchObject({ stdout: "runs", exit: { code: 0 } });
  });

  test("an exit signal is reported with its message and core dump", async () => {
    const port = await welcoming((session) => {
      session.on("exec", (accept) => {
        const channel = accept();
        channel.exit("SEGV", true, "bad \u001b address");
        channel.end();
      });
    });
    const ran = await run(await login(port), "crash");
    expect(ran.exit).toEqual({ signal: "SEGV", coreDumped: true, message: "bad \\u{1b} address" });
  });

  test("a channel that the server opens without a request is refused, and the connection continues", async () => {
    let onAnswer: (answer: unknown) => void = () => {};
    const answer = new Promise<unknown>((resolve) => {
      onAnswer = resolve;
    });
    const port = await serve((client) => {
      client.on("authentication", (context) => context.accept());
      client.on("ready", () => client.x11("127.0.0.1", 6000, onAnswer));
      client.on("session", (accept) => accept().on("exec", (start) => start().end("on\n")));
    });
    const connection = await login(port);
    expect(await answer).toBeInstanceOf(Error);
    const channel = await connection.openSession(execSpec("anything"), never());
    const received = new Promise<string>((resolve) => {
      channel.onDidReceive(({ data }) => resolve(Buffer.from(data).toString()));
    });
    channel.resume();
    expect(await received).toBe("on\n");
  });
});
