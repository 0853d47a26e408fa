import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import type { ConnectionEngine, ConnectPhase } from "../../../src/engine/connectionEngine.ts";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import { HostKeyError } from "../../../src/trust/hostKeyErrors.ts";
import { freePort } from "../../lab/freePort.ts";
import { makeKey } from "../../lab/keys.ts";
import type { SshdHost } from "../../lab/sshdHost.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";
import { makeBench } from "./bench.ts";
import { never, run } from "./channels.ts";
import { loginTo, publicKeyAttempt, ScriptedAuthenticator, TrustingVerifier } from "./logins.ts";

export function describeConnecting(makeEngine: () => ConnectionEngine): void {
  const bench = makeBench(makeEngine);
  const servers: Server[] = [];
  const engine = makeEngine();

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
    }
  });

  /**
   * An engine whose program logs in on its own does not use the attempts: its log and the server show what it tries.
   */
  function expectAsked({ asked }: ScriptedAuthenticator, expected: ScriptedAuthenticator["asked"]): void {
    expect(asked).toEqual(engine.name === "ssh2" ? expected : []);
  }

  /** Something that is not a healthy SSH server. */
  async function server(greet: (socket: Socket) => void): Promise<number> {
    const listening = createServer((socket) => {
      socket.on("error", () => {});
      greet(socket);
    });
    servers.push(listening);
    listening.listen(0, "127.0.0.1");
    await once(listening, "listening");
    const address = listening.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Resolves to the error of the failed attempt. */
  async function failure(config: Partial<HostConfig>, signal = never()): Promise<unknown> {
    const request = {
      config: testHostConfig({ hostName: "127.0.0.1", ...config }),
      tcpKeepAlive: false,
      verifier: new TrustingVerifier(),
      authenticator: new ScriptedAuthenticator([]),
      logger: new RecordingLogger(),
    };
    return engine.connect(request, signal).then(
      (connection) => {
        connection.destroy();
        return "connected";
      },
      (error: unknown) => (ConnectError.is(error) ? error.reason : error),
    );
  }

  async function refusal(
    host: SshdHost,
    authenticator: ScriptedAuthenticator,
  ): Promise<AuthError | undefined> {
    const failed = await bench.login(host, { authenticator }).catch((error: unknown) => error);
    return AuthError.is(failed) ? failed : undefined;
  }

  test("a login reports its phases and the negotiated algorithms", async () => {
    const host = await bench.host();
    const phases: ConnectPhase[] = [];
    const verifier = new TrustingVerifier();
    const authenticator = new ScriptedAuthenticator([publicKeyAttempt(host.keyFile)]);
    const connection = await bench.login(host, {
      verifier,
      authenticator,
      onPhase: (phase) => phases.push(phase),
    });
    expect(phases).toEqual(["tcp", "handshake", "hostKey", "authentication"]);
    expect(connection.info).toMatchObject({
      remoteAddress: "127.0.0.1",
      remotePort: host.port,
      serverVersion: expect.stringMatching(/^OpenSSH_/),
      authMethod: "publickey",
    });
    expect(verifier.seen.map((key) => key.toString("base64"))).toEqual([
      (host.hostKeyLines[0] ?? "").split(" ")[1],
    ]);
    expectAsked(authenticator, [{ methodsLeft: undefined, partialSuccess: false }]);
    expect(authenticator.successes).toBe(1);
  });

  test("every key type logs in", async () => {
    const host = await bench.host();
    for (const kind of ["ecdsa-256", "ecdsa-521", "rsa-3072", "ed25519"] as const) {
      const key = await makeKey(`${host.folder}/${kind}`, { kind });
      await host.authorize(key.publicLine);
      const authenticator = new ScriptedAuthenticator([publicKeyAttempt(key.file)]);
      const connection = await bench.login(host, { authenticator });
      expect(connection.info.authMethod).toBe("publickey");
      connection.close();
    }
  });

  test("a refused key is followed by the next attempt", async () => {
    const host = await bench.host();
    const stranger = await makeKey(`${host.folder}/stranger`);
    const authenticator = new ScriptedAuthenticator([
      { method: "none" },
      publicKeyAttempt(stranger.file),
      publicKeyAttempt(host.keyFile),
    ]);
    await bench.login(host, { authenticator });
    expectAsked(authenticator, [
      { methodsLeft: undefined, partialSuccess: false },
      { methodsLeft: ["publickey"], partialSuccess: false },
      { methodsLeft: ["publickey"], partialSuccess: false },
    ]);
  });

  test("a key whose signing fails is followed by the next attempt", async () => {
    const host = await bench.host();
    const good = publicKeyAttempt(host.keyFile);
    const attempt = good.method === "publickey" ? good : undefined;
    const mute = { ...good, key: { ...attempt?.key, sign: () => Promise.reject(new Error("not touched")) } };
    const authenticator = new ScriptedAuthenticator([mute as typeof good, good]);
    const connection = await bench.login(host, { authenticator });
    expect(connection.info.authMethod).toBe("publickey");
    expectAsked(authenticator, [
      { methodsLeft: undefined, partialSuccess: false },
      { methodsLeft: undefined, partialSuccess: false },
    ]);
  });

  test("a key and a password are requested one after the other", async () => {
    const host = await bench.host({
      user: "throwaway",
      sshd: { AuthenticationMethods: "publickey,password", PasswordAuthentication: "yes" },
    });
    const authenticator = new ScriptedAuthenticator([
      publicKeyAttempt(host.keyFile),
      { method: "password", password: "wrong" },
      { method: "password", password: host.password ?? "" },
    ]);
    const connection = await bench.login(host, { authenticator });
    expect(connection.info.authMethod).toBe("publickey,password");
    expectAsked(authenticator, [
      { methodsLeft: undefined, partialSuccess: false },
      { methodsLeft: ["password"], partialSuccess: true },
      { methodsLeft: ["password"], partialSuccess: false },
    ]);
  });

  test("a key and answers to questions are requested one after the other", async () => {
    const host = await bench.host({
      user: "throwaway",
      sshd: {
        AuthenticationMethods: "publickey,keyboard-interactive",
        KbdInteractiveAuthentication: "yes",
        UsePAM: "yes",
      },
    });
    const questions: string[] = [];
    const authenticator = new ScriptedAuthenticator([
      publicKeyAttempt(host.keyFile),
      {
        method: "keyboard-interactive",
        answer: async ({ prompts }) => {
          questions.push(...prompts.map(({ prompt, echo }) => `${prompt}${echo}`));
          return prompts.map(() => host.password ?? "");
        },
      },
    ]);
    const connection = await bench.login(host, { authenticator });
    expect(questions).toEqual(["Password: false"]);
    expectAsked(authenticator, [
      { methodsLeft: undefined, partialSuccess: false },
      { methodsLeft: ["keyboard-interactive"], partialSuccess: true },
    ]);
    expect((await run(connection, "id -un")).stdout).toBe(`${host.user}\n`);
  });

  test("dismissing a question cancels the login", async () => {
    const host = await bench.host({
      user: "throwaway",
      sshd: { KbdInteractiveAuthentication: "yes", UsePAM: "yes" },
    });
    const authenticator = new ScriptedAuthenticator([
      { method: "keyboard-interactive", answer: async () => undefined },
    ]);
    await expect(bench.login(host, { authenticator })).rejects.toBeInstanceOf(CancelledError);
  });

  test("a final failure names the tried methods and those that the server accepts", async () => {
    const host = await bench.host({ user: "throwaway", sshd: { PasswordAuthentication: "yes" } });
    const wrong = new ScriptedAuthenticator([{ method: "password", password: "wrong" }]);
    expect(await refusal(host, wrong)).toMatchObject({
      reason: "refused",
      tried: ["password"],
      methodsLeft: ["publickey", "password"],
    });
    expect(await refusal(host, new ScriptedAuthenticator([]))).toMatchObject({ reason: "nothing-to-try" });
    expect(wrong.successes).toBe(0);
  });

  test("a server that allows no more attempts ends the login", async () => {
    const host = await bench.host({
      user: "throwaway",
      sshd: { PasswordAuthentication: "yes", MaxAuthTries: 2 },
    });
    const password = { method: "password", password: "wrong" } as const;
    const authenticator = new ScriptedAuthenticator([password, password, password, password]);
    expect(await refusal(host, authenticator)).toMatchObject({ reason: "too-many-failures" });
  });

  test("an untrusted host key ends the connection before any secret is sent", async () => {
    const host = await bench.host();
    const error = new HostKeyError("changed", "changed", { host: "h", keyType: "t", fingerprint: "f" });
    const authenticator = new ScriptedAuthenticator([]);
    const verifier = {
      preferredAlgorithms: async () => [],
      verify: async () => {
        throw error;
      },
    };
    await expect(bench.login(host, { verifier, authenticator })).rejects.toBe(error);
    expect(authenticator.asked).toEqual([]);
    expect(host.logins()).toBe(0);
  });

  test("the server is asked for a host key of a known type", async () => {
    const host = await bench.host({ hostKeys: ["ed25519", "ecdsa-256", "rsa-3072"] });
    for (const [preferred, shown] of [
      ["ssh-rsa", "rsa-sha2-512"],
      ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"],
      ["ssh-ed25519", "ssh-ed25519"],
    ] as const) {
      const connection = await bench.login(host, { verifier: new TrustingVerifier([preferred]) });
      expect(connection.info.algorithms?.hostKey).toBe(shown);
    }
  });

  test("the server's banner is logged as printable text", async () => {
    const host = await bench.host();
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${host.folder}/banner`, "Welcome \u001b[31mhere\nsecond line\n");
    await host.reconfigure({ Banner: `${host.folder}/banner` });
    const logger = new RecordingLogger();
    await bench.login(host, { logger });
    expect(logger.lines.filter((line) => line.startsWith("info: Banner"))).toEqual([
      "info: Banner: Welcome \\u{1b}[31mhere",
      "info: Banner: second line",
    ]);
  });

  test("unknown names, closed ports and unreachable addresses have different reasons", async () => {
    expect(await failure({ hostName: "no-such-host.invalid" })).toBe("name-not-found");
    expect(await failure({ port: await freePort() })).toBe("refused");
    // 198.51.100.0/24 is reserved for documentation (RFC 5737): no machine has such an address, so it can't be bound.
    expect(await failure({ bindAddress: "198.51.100.1" })).toBe("local");
  });

  test("a server that closes or resets the connection during the handshake has its own reason", async () => {
    expect(await failure({ port: await server((socket) => socket.end()) })).toBe("closed-during-handshake");
    const afterVersion = await server((socket) => socket.end("SSH-2.0-Test\r\n"));
    expect(await failure({ port: afterVersion })).toBe("closed-during-handshake");
    const resetting = await server((socket) => socket.once("data", () => socket.resetAndDestroy()));
    expect(await failure({ port: resetting })).toBe("reset");
  });

  test("a connection that breaks at any byte fails with a reason", async () => {
    const host = await bench.host();
    const proxy = await bench.proxy(host);
    const reasons = new Set<unknown>();
    for (const bytes of [1, 20, 41, 60, 500, 1000, 1200, 1400]) {
      for (const how of ["reset", "end"] as const) {
        proxy.cutAfter(bytes, "toClient", how);
        reasons.add(await failure({ port: proxy.port, user: host.user }));
      }
    }
    for (const reason of reasons) {
      expect(["reset", "closed-during-handshake", "refused-before-version"]).toContain(reason);
    }
  });

  test("servers of other protocols are recognised, even if they keep the connection open", async () => {
    const http = await server((socket) =>
      socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>")),
    );
    expect(await failure({ port: http })).toBe("refused-before-version");
    expect(await failure({ port: await server((socket) => socket.write("220 mail ESMTP\r\n")) })).toBe(
      "not-ssh",
    );
  });

  test("text before the version line followed by a close counts as a refusal", async () => {
    for (const words of ["Exceeded MaxStartups\r\n", "Not allowed at this time\r\n", "refused by tcpd"]) {
      const port = await server((socket) => socket.end(words));
      // `ssh` does not report a line without an end.
      const isTold = engine.name === "ssh2" || words.endsWith("\n");
      expect(await failure({ port })).toBe(isTold ? "refused-before-version" : "closed-during-handshake");
    }
  });

  test("the caller can cancel a connection to a silent server, and the socket is closed", async () => {
    const gone: Promise<unknown>[] = [];
    const port = await server((socket) => {
      socket.resume();
      gone.push(once(socket, "close"));
    });
    const reason = new Error("deadline");
    const controller = new AbortController();
    const failing = failure({ port }, controller.signal);
    while (gone.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    controller.abort(reason);
    expect(await failing).toBe(reason);
    await Promise.all(gone);
  });

  test("garbage after the version line is a protocol error", async () => {
    const port = await server((socket) => socket.write(`SSH-2.0-Test\r\n${"\0".repeat(4000)}`));
    expect(await failure({ port })).toBe("protocol");
  });

  test("algorithms that only one side supports are reported as a mismatch", async () => {
    const host = await bench.host({ sshd: { Ciphers: "aes256-ctr" } });
    const config = (changes: Partial<HostConfig>): Partial<HostConfig> => ({ port: host.port, ...changes });
    expect(await failure(config({ ciphers: ["aes128-ctr"] }))).toBe("no-common-algorithm");
    expect(await failure(config({ ciphers: ["no-such-cipher"] }))).toBe("unsupported");
    expect(await failure(config({ hostKeyAlgorithms: ["ecdsa-sha2-nistp256"] }))).toBe("no-common-algorithm");
    const connection = await engine.connect(
      loginTo(host, { config: testHostConfig({ ...loginTo(host).config, ciphers: ["^aes256-ctr"] }) }),
      never(),
    );
    expect(connection.info.algorithms?.cipher).toBe("aes256-ctr");
    connection.destroy();
  });

  test("negotiated algorithms have the names that ssh -v shows", async () => {
    const host = await bench.host({
      sshd: {
        KexAlgorithms: "curve25519-sha256",
        Ciphers: "aes256-ctr,chacha20-poly1305@openssh.com",
        MACs: "hmac-sha2-256-etm@openssh.com",
      },
    });
    for (const [cipher, mac] of [
      ["aes256-ctr", "hmac-sha2-256-etm@openssh.com"],
      ["chacha20-poly1305@openssh.com", undefined],
    ] as const) {
      const config = testHostConfig({ ...loginTo(host).config, ciphers: [cipher] });
      const { info } = await bench.login(host, { config });
      expect(info.algorithms).toEqual({
        kex: "curve25519-sha256",
        hostKey: "ssh-ed25519",
        cipher,
        ...(mac && { mac }),
      });
    }
  });

  test("compression works if requested", async () => {
    const host = await bench.host();
    const proxy = await bench.proxy(host);
    const config = testHostConfig({
      ...loginTo(host).config,
      hostName: proxy.host,
      port: proxy.port,
      compression: true,
    });
    const connection = await bench.login(host, { config });
    const [passage] = proxy.connections;
    const before = passage?.bytesToClient ?? 0;
    expect((await run(connection, "yes | head -c 1000000")).stdout).toHaveLength(1_000_000);
    const sent = (passage?.bytesToClient ?? 0) - before;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(100_000);
  });

  test("the connection can use a given local address", async () => {
    const host = await bench.host();
    const config = testHostConfig({ ...loginTo(host).config, bindAddress: "127.0.0.2" });
    const connection = await bench.login(host, { config });
    expect(connection.info.localAddress).toBe("127.0.0.2");
    await host.waitForLog(/Connection from 127\.0\.0\.2/);
  });

  test("connecting is retried as often as configured", async () => {
    const host = await bench.host();
    const proxy = await bench.proxy(host);
    await proxy.refuse();
    const config = testHostConfig({
      ...loginTo(host).config,
      hostName: proxy.host,
      port: proxy.port,
      connectionAttempts: 50,
    });
    const connecting = bench.login(host, { config });
    await proxy.accept();
    expect((await connecting).ended).toBeUndefined();
  });
}
