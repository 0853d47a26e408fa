import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { LoginAsker, LoginQuestion } from "../../src/auth/loginAskerPorts.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import type { ConnectRequest, EngineConnection } from "../../src/engine/connectionEngine.ts";
import { OpenSshEngine } from "../../src/engine/openssh/openSshEngine.ts";
import { makeKey } from "../lab/keys.ts";
import { processTable } from "../lab/processTree.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { ManualClock } from "../support/manualClock.ts";
import { never, run } from "./contract/channels.ts";
import { loginTo } from "./contract/logins.ts";

/** Process ids and arguments of this host's masters. */
async function mastersOf({ port }: SshdHost): Promise<{ pid: number; argv: string[] }[]> {
  const found: { pid: number; argv: string[] }[] = [];
  for (const { pid } of processTable().filter(({ name }) => name === "ssh")) {
    const argv = (await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")).split("\0");
    if (argv.includes(`Port=${port}`)) {
      found.push({ pid, argv });
    }
  }
  return found;
}

/** The folder of this login's helpers: other tests log in at the same time. */
function loginFolderOf(argv: readonly string[]): string {
  return (
    /^KnownHostsCommand="(.*)\/hostkey"/.exec(argv.find((word) => word.startsWith("Known")) ?? "")?.[1] ?? ""
  );
}

/** A program named ssh that runs `script`. */
async function fakeSsh(folder: string, script: string): Promise<() => Promise<string>> {
  const file = join(folder, "fake-ssh");
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return async () => file;
}

describe("the engine openssh", () => {
  let host: SshdHost;
  const connections: EngineConnection[] = [];

  beforeAll(async () => {
    host = await startSshd({ user: "throwaway", sshd: { PasswordAuthentication: "yes" } });
  });

  afterEach(async () => {
    for (const connection of connections.splice(0)) {
      connection.destroy();
    }
    await until(async () => (await mastersOf(host)).length === 0, "the end of every master");
  });

  afterAll(() => host.stop());

  const configOf = (changes: Partial<HostConfig> = {}): HostConfig =>
    testHostConfig({
      ...{ hostName: host.host, port: host.port, user: host.user },
      ...{ identityFiles: [host.keyFile], identityFilesAreDefault: false },
      ...changes,
    });

  async function login(
    changes: Partial<ConnectRequest> = {},
    engine = new OpenSshEngine({ configFile: () => "none" }),
    signal = never(),
  ): Promise<EngineConnection> {
    const connection = await engine.connect(loginTo(host, { config: configOf(), ...changes }), signal);
    connections.push(connection);
    return connection;
  }

  /** Asks only for a password, and answers on request. */
  function passwordLogin(asker: LoginAsker["answer"]): Partial<ConnectRequest> {
    return {
      config: configOf({ identityFiles: [] }),
      asker: { begin() {}, answer: asker, succeeded: async () => {} },
    };
  }

  test("a reloaded window takes over the connection without a login", async () => {
    const before = host.logins();
    const first = new OpenSshEngine({ configFile: () => "none" });
    const left = await login({ linger: 600 }, first);
    const [master] = await mastersOf(host);
    first.dispose();
    expect(left.ended).toEqual({ reason: "closed" });
    const next = await login();
    expect((await mastersOf(host)).map(({ pid }) => pid)).toEqual([master?.pid]);
    expect(next.info).toEqual(left.info);
    expect((await run(next, "echo on")).stdout).toBe("on\n");
    expect(host.logins() - before).toBe(1);
  });

  test("a master that another window uses is not taken over", async () => {
    await login();
    await login();
    expect(await mastersOf(host)).toHaveLength(2);
  });

  test("the end of a connection ends its master and removes its files", async () => {
    for (const end of ["close", "destroy"] as const) {
      const connection = await login();
      const [master] = await mastersOf(host);
      const socket = master?.argv[master.argv.indexOf("-S") + 1] ?? "";
      const names = (): Promise<string[]> => readdir(join(socket, ".."));
      const name = socket.slice(socket.lastIndexOf("/") + 1);
      expect((await names()).filter((each) => each.startsWith(name))).toHaveLength(4);
      connection[end]();
      await until(async () => (await mastersOf(host)).length === 0, "the end of the master");
      await until(async () => !(await names()).some((each) => each.startsWith(name)), "no files");
    }
  });

  test.each([
    [0, 5],
    [7, 7],
    [600, 60],
    [Number.POSITIVE_INFINITY, 60],
  ])("a linger of %s seconds leaves a master without clients for %s", async (linger, seconds) => {
    await login({ linger });
    const [master] = await mastersOf(host);
    expect(master?.argv).toContain(`ControlPersist=${seconds}`);
  });

  test("the master of a killed window ends on its own", async () => {
    const { hostName, port, user, identityFiles } = configOf();
    const config = { hostName, port, user, identityFiles, identityFilesAreDefault: false };
    const argument = JSON.stringify({ config, linger: 0 });
    const child = spawn(process.execPath, [join(import.meta.dirname, "openSshChild.ts"), argument], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    const said = await Promise.race([once(child.stdout, "data"), exited]);
    expect(String(said[0])).toBe("publickey\n");
    expect(await mastersOf(host)).toHaveLength(1);
    child.kill("SIGKILL");
    await exited;
    await until(async () => (await mastersOf(host)).length === 0, "the end of the master");
  });

  test("the password and the askpass token are in no argument and no environment variable", async () => {
    const password = host.password ?? "";
    let seen = "";
    const connection = await login(
      passwordLogin(async () => {
        const [master] = await mastersOf(host);
        const folder = loginFolderOf(master?.argv ?? []);
        const helper = await readFile(join(folder, "helper.js"), "utf8");
        const token = /token = "([0-9a-f]{48})"/.exec(helper)?.[1] ?? "";
        expect(token).not.toBe("");
        for (const { pid } of processTable()) {
          for (const file of ["cmdline", "environ"]) {
            const text = await readFile(`/proc/${pid}/${file}`, "latin1").catch(() => "");
            seen += text.includes(token) || text.includes(password) ? `${pid} ${file} ` : "";
          }
        }
        return password;
      }),
    );
    expect(connection.info.authMethod).toBe("password");
    expect(seen).toBe("");
  });

  test("another program that finds the askpass's socket gets no answer without the token", async () => {
    const asked: LoginQuestion[] = [];
    let answer = "";
    await login(
      passwordLogin(async (question) => {
        asked.push(question);
        const [master] = await mastersOf(host);
        const folder = loginFolderOf(master?.argv ?? []);
        const peer = connect(join(folder, "s"));
        peer.on("data", (data) => {
          answer += data.toString();
        });
        peer.write(`${JSON.stringify({ token: "0".repeat(48), kind: "ask", hint: "", words: ["x"] })}\n`);
        await once(peer, "close");
        return host.password ?? "";
      }),
    );
    expect(asked).toEqual([{ kind: "password" }]);
    expect(answer).toBe("");
  });

  test("the passphrase of a key file is requested with the file's name, and again if it is wrong", async () => {
    const key = await makeKey(join(host.folder, "locked key"), { passphrase: "open sesame" });
    await host.authorize(key.publicLine);
    const asked: LoginQuestion[] = [];
    const connection = await login({
      config: configOf({ identityFiles: [key.file] }),
      asker: {
        begin() {},
        answer: async (question) => {
          asked.push(question);
          return asked.length === 1 ? "wrong" : "open sesame";
        },
        succeeded: async () => {},
      },
    });
    expect(connection.info.authMethod).toBe("publickey");
    expect(asked).toEqual([
      { kind: "passphrase", file: key.file },
      { kind: "passphrase", file: key.file },
    ]);
  });

  test("killing the askpass ends the login with its own reason", async () => {
    const waiting = login(
      passwordLogin(async (_, signal) => {
        const [master] = await mastersOf(host);
        const askpass = processTable().find(({ parent }) => parent === master?.pid);
        process.kill(askpass?.pid ?? 0, "SIGKILL");
        return await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        );
      }),
    );
    await expect(waiting).rejects.toMatchObject({ reason: "askpass-ended" });
    await until(async () => (await mastersOf(host)).length === 0, "the end of ssh");
  });

  test("killing the script that asks about the host key ends the login with its own reason", async () => {
    const verifier = {
      preferredAlgorithms: async () => [],
      verify: async (_key: Buffer, _address: string | undefined, signal?: AbortSignal) => {
        const [master] = await mastersOf(host);
        const script = processTable().find(({ parent }) => parent === master?.pid);
        process.kill(script?.pid ?? 0, "SIGKILL");
        await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      },
    };
    await expect(login({ verifier })).rejects.toMatchObject({ reason: "askpass-ended" });
  });

  test("cancelling an attempt ends ssh and its askpass", async () => {
    const giveUp = new AbortController();
    const reason = new Error("given up");
    const waiting = login(
      passwordLogin(async (_, signal) => {
        giveUp.abort(reason);
        return await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        );
      }),
      undefined,
      giveUp.signal,
    );
    await expect(waiting).rejects.toBe(reason);
    await until(async () => (await mastersOf(host)).length === 0, "the end of ssh");
  });

  test("a missing ssh, an old one, and another program of that name have different reasons", async () => {
    const failure = async (findSsh: () => Promise<string | undefined>): Promise<unknown> =>
      await login({}, new OpenSshEngine({ configFile: () => "none", findSsh })).catch(
        (error) => error.reason,
      );
    expect(await failure(async () => undefined)).toBe("openssh-missing");
    const old = await fakeSsh(host.folder, 'echo "OpenSSH_8.4p1, OpenSSL 1.1" >&2');
    expect(await failure(old)).toBe("openssh-too-old");
    expect(await failure(await fakeSsh(host.folder, "echo hello"))).toBe("openssh-failed");
    const ends = '[ "$1" = -V ] && echo OpenSSH_9.2p1 && exit 0; exit 9';
    expect(await failure(await fakeSsh(host.folder, ends))).toBe("openssh-failed");
    expect(await failure(async () => join(tmpdir(), "no-such-ssh"))).toBe("openssh-failed");
  });

  test("runs an ssh for its version once, and again after it was replaced", async () => {
    const asked = join(host.folder, "asked");
    const one = (version: string): string =>
      `[ "$1" = -V ] || exit 9; echo asked >>"${asked}"; echo "OpenSSH_${version}p1" >&2`;
    const engine = new OpenSshEngine({
      configFile: () => "none",
      findSsh: await fakeSsh(host.folder, one("9.9")),
    });
    const reason = async (): Promise<string> => await login({}, engine).catch((error) => error.reason);
    expect([await reason(), await reason()]).toEqual(["openssh-failed", "openssh-failed"]);
    expect(await readFile(asked, "utf8")).toBe("asked\n");
    await fakeSsh(host.folder, one("7.10"));
    expect(await reason()).toBe("openssh-too-old");
  });

  test("an ssh that hangs before it logs in is given up", async () => {
    const clock = new ManualClock();
    const started = join(host.folder, "hangs");
    const findSsh = await fakeSsh(
      host.folder,
      `[ "$1" = -V ] && echo OpenSSH_9.2p1 && exit 0; touch "${started}"; exec sleep 1000`,
    );
    const waiting = login({}, new OpenSshEngine({ clock, configFile: () => "none", findSsh })).catch(
      (error) => error.reason,
    );
    await until(() => existsSync(started), "the hanging ssh");
    await clock.advance(10_000);
    expect(await waiting).toBe("openssh-silent");
  });

  test("a server that makes ssh log or ask without end is given up", async () => {
    let questions = 0;
    const failure = async (script: string): Promise<string> => {
      const findSsh = await fakeSsh(
        host.folder,
        `[ "$1" = -V ] && echo OpenSSH_9.2p1 && exit 0
        while [ "$1" != -E ]; do shift; done
        ${script}`,
      );
      const asked = passwordLogin(async () => `answer ${++questions}`);
      return await login(asked, new OpenSshEngine({ configFile: () => "none", findSsh })).catch(
        (error) => error.reason,
      );
    };
    expect(await failure('yes "debug1: Remote: again" >>"$2"')).toBe("protocol");
    expect(await failure('while "$SSH_ASKPASS" "More? "; do :; done')).toBe("too-many-failures");
    expect(questions).toBe(20);
  });

  test("an ssh that does not print its version is given up", async () => {
    const clock = new ManualClock();
    const started = join(host.folder, "started");
    const findSsh = await fakeSsh(host.folder, `touch "${started}"; exec sleep 1000`);
    const waiting = login({}, new OpenSshEngine({ clock, configFile: () => "none", findSsh })).catch(
      (error) => error.reason,
    );
    await until(() => existsSync(started), "the hanging ssh");
    await clock.advance(10_000);
    expect(await waiting).toBe("openssh-silent");
  });
});
