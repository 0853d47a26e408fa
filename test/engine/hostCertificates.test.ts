import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthError } from "../../src/auth/authErrors.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { Ssh2Engine } from "../../src/engine/ssh2/ssh2Engine.ts";
import { runProxyCommand } from "../../src/engine/transport/proxyCommand.ts";
import { ServerTalk } from "../../src/engine/transport/serverTalk.ts";
import { HostKeyError } from "../../src/trust/hostKeyErrors.ts";
import { createHostKeyVerifier } from "../../src/trust/hostKeyVerifier.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { makeSeparationFolder } from "../lab/sshdServer.ts";
import { testHostConfig } from "../support/hostConfigs.ts";
import { RecordingLogger } from "../support/recordingLogger.ts";
import { never, run as runSession } from "./contract/channels.ts";
import { loginTo, ScriptedAuthenticator } from "./contract/logins.ts";

const run = promisify(execFile);

let folder: string;
const file = (name: string): string => join(folder, name);
const line = async (name: string): Promise<string> => (await readFile(file(`${name}.pub`), "latin1")).trim();

const host = "server.example.org";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "host-certificates-"));
  await makeSeparationFolder();
  const keys = { host: "ed25519", ecdsa: "ecdsa", rsa: "rsa", ca: "ed25519", rsaCa: "rsa", otherCa: "ecdsa" };
  for (const [name, type] of Object.entries(keys)) {
    await run("ssh-keygen", ["-q", "-N", "", "-C", name, "-f", file(name), "-t", type]);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Case {
  readonly what: string;
  /** Arguments of ssh-keygen after the authority, instead of `-h -n server.example.org`. */
  readonly sign?: readonly string[];
  readonly authority?: string;
  readonly key?: string;
  /** Other lines in known_hosts; `%` stands for the line of the host's plain key. */
  readonly known?: readonly string[];
  /** Whose key the authority's line contains, and for which host. Undefined: there is no such line. */
  readonly trusted?: string | undefined;
  readonly names?: string;
  readonly port?: number;
  readonly alias?: string;
  readonly options?: readonly (readonly [keyword: string, value: string])[];
  readonly config?: Partial<HostConfig>;
  readonly before?: () => Promise<unknown>;
  /** If our verdict is stricter than that of the installed `ssh`. */
  readonly ours?: string;
}

const always = ["-h", "-n", host] as const;
const caAlgorithms = "ssh-ed25519,rsa-sha2-512";

const cases: readonly Case[] = [
  { what: "a good one" },
  { what: "one of an RSA authority", authority: "rsaCa", trusted: "rsaCa" },
  { what: "one of an ECDSA authority", authority: "otherCa", trusted: "otherCa" },
  { what: "one for an ECDSA key", key: "ecdsa" },
  { what: "one for an RSA key", key: "rsa" },
  { what: "an expired one", sign: [...always, "-V", "20200101:20210101"] },
  {
    what: "an expired one, plain key known",
    sign: [...always, "-V", "20200101:20210101"],
    known: [`${host} %`],
  },
  { what: "one that is not valid yet", sign: [...always, "-V", "20990101:21000101"] },
  { what: "one with a time limit that holds", sign: [...always, "-V", "-1d:+1d"] },
  { what: "one for another name", sign: ["-h", "-n", "other.example.org"] },
  {
    what: "one for another name, plain key known",
    sign: ["-h", "-n", "other.example.org"],
    known: [`${host} %`],
  },
  { what: "one for several names", sign: ["-h", "-n", `a.example.org,${host},b.example.org`] },
  { what: "one for the name in capitals", sign: ["-h", "-n", "SERVER.EXAMPLE.ORG"] },
  // OpenSSH treats names as patterns since 10.3.
  { what: "a pattern that matches", sign: ["-h", "-n", "*.example.org"], ours: "certificate" },
  { what: "a pattern that does not", sign: ["-h", "-n", "*.example.net,!server*"] },
  { what: "one with a critical option", sign: [...always, "-O", "critical:force-command=x"] },
  {
    what: "one with a critical option, plain key known",
    sign: [...always, "-O", "critical:x=y"],
    known: [`${host} %`],
  },
  { what: "one with an extension", sign: [...always, "-O", "extension:x@example.org=y"] },
  { what: "one for users", sign: ["-n", host] },
  { what: "an authority that is not trusted", authority: "otherCa" },
  { what: "no authority, plain key known", trusted: undefined, known: [`${host} %`] },
  { what: "no authority", trusted: undefined },
  { what: "an authority for other hosts", names: "*.example.net" },
  { what: "an authority for hosts by a negated pattern", names: "*,!server.*" },
  { what: "an authority behind another one", known: [`@cert-authority * ${"otherCa"}`] },
  { what: "a revoked authority", known: ["@revoked * ca"] },
  { what: "a revoked authority of another host", known: ["@revoked *.example.net ca"] },
  { what: "a revoked key", known: ["@revoked * %"] },
  { what: "a revoked key that is known, too", known: ["@revoked * %", `${host} %`] },
  { what: "another plain key known", known: [`${host} otherCa`] },
  {
    what: "another plain key known, expired",
    known: [`${host} otherCa`],
    sign: [...always, "-V", "20200101:20210101"],
  },
  {
    what: "a signature with SHA-1",
    authority: "rsaCa",
    trusted: "rsaCa",
    sign: ["-t", "ssh-rsa", ...always],
  },
  {
    what: "a signature with SHA-1 that is allowed",
    authority: "rsaCa",
    trusted: "rsaCa",
    sign: ["-t", "ssh-rsa", ...always],
    options: [["CASignatureAlgorithms", "ssh-rsa,ssh-ed25519"]],
    config: { caSignatureAlgorithms: ["ssh-rsa", "ssh-ed25519"] },
  },
  {
    what: "a signature that CASignatureAlgorithms leaves out",
    authority: "otherCa",
    trusted: "otherCa",
    options: [["CASignatureAlgorithms", caAlgorithms]],
    config: { caSignatureAlgorithms: caAlgorithms.split(",") },
  },
  // OpenSSH refuses it since 10.3; before, it was valid for every host.
  { what: "no names at all", sign: ["-h"], ours: "unknown" },
  { what: "a port, authority for the bare name", port: 2222 },
  { what: "a port, authority for the port", port: 2222, names: "[server.example.org]:2222" },
  { what: "a port, authority for another port", port: 2222, names: "[server.example.org]:2223" },
  { what: "a port, name with the port", port: 2222, sign: ["-h", "-n", "[server.example.org]:2222"] },
  { what: "a port, plain key known for it", port: 2222, known: ["[server.example.org]:2222 %"] },
  { what: "an alias that is named", alias: "The-Alias", names: "the-alias", sign: ["-h", "-n", "the-alias"] },
  { what: "an alias that is not named", alias: "the-alias", names: "the-alias" },
  {
    what: "an alias, authority for the host name only",
    alias: "the-alias",
    sign: ["-h", "-n", "the-alias"],
    names: host,
  },
  {
    what: "an authority in RevokedHostKeys",
    before: async () => await writeFile(file("revoked"), `${await line("ca")}\n`),
    options: [["RevokedHostKeys", "revoked"]],
  },
  {
    what: "a serial number in a list of revoked certificates",
    sign: [...always, "-z", "7"],
    before: async () => await krl("serial: 5-9"),
    options: [["RevokedHostKeys", "revoked"]],
  },
  {
    what: "another serial number",
    sign: [...always, "-z", "10"],
    before: async () => await krl("serial: 5-9"),
    options: [["RevokedHostKeys", "revoked"]],
  },
  {
    what: "an identity in a list of revoked certificates",
    before: async () => await krl("id: an-id"),
    options: [["RevokedHostKeys", "revoked"]],
  },
  {
    what: "a list of revoked certificates that is cut in the middle",
    before: async () => {
      await krl("serial: 5-9");
      const whole = await readFile(file("revoked"));
      await writeFile(file("revoked"), whole.subarray(0, whole.length - 7));
    },
    options: [["RevokedHostKeys", "revoked"]],
  },
];

async function krl(text: string): Promise<void> {
  await writeFile(file("krl-spec"), `${text}\n`);
  await rm(file("revoked"), { force: true });
  await run("ssh-keygen", ["-q", "-k", "-f", file("revoked"), "-s", file("ca.pub"), file("krl-spec")]);
}

/** Makes the certificate, known_hosts and sshd's configuration. @returns the ProxyCommand that starts sshd. */
async function prepare(one: Case): Promise<string> {
  const key = one.key ?? "host";
  await one.before?.();
  const signing = one.sign ?? always;
  await run("ssh-keygen", [
    "-q",
    "-s",
    file(one.authority ?? "ca"),
    "-I",
    "an-id",
    ...signing,
    file(`${key}.pub`),
  ]);
  const trusted = "trusted" in one ? one.trusted : "ca";
  const lines =
    trusted === undefined ? [] : [`@cert-authority ${one.names ?? "*.example.org"} ${await line(trusted)}`];
  for (const text of one.known ?? []) {
    const words = text.split(" ");
    const last = words.pop() ?? "";
    lines.unshift([...words, await line(last === "%" ? key : last)].join(" "));
  }
  await writeFile(file("known_hosts"), `${lines.join("\n")}\n`);
  const config = file("sshd_config");
  await writeFile(
    config,
    `HostKey ${file(key)}\nHostCertificate ${file(`${key}-cert.pub`)}\nPidFile none\nUsePAM no\nCASignatureAlgorithms +ssh-rsa\n`,
  );
  return `/usr/sbin/sshd -i -f ${config}`;
}

/** The verdict of the system's `ssh` about the server. */
async function sshSays(one: Case, proxy: string): Promise<string> {
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${file("known_hosts")}`,
    "GlobalKnownHostsFile=none",
    "PreferredAuthentications=none",
    `ProxyCommand=${proxy}`,
    ...(one.alias === undefined ? [] : [`HostKeyAlias=${one.alias}`]),
    ...(one.options ?? []).map(([name, value]) => `${name}=${value === "revoked" ? file(value) : value}`),
  ];
  const args = [
    "-v",
    "-F",
    "none",
    "-p",
    String(one.port ?? 22),
    ...options.flatMap((option) => ["-o", option]),
  ];
  const { stderr } = await run("ssh", [...args, host, "true"]).catch((error: { stderr: string }) => error);
  if (/REVOKED HOST KEY|revoked by file/.test(stderr)) {
    return "revoked";
  }
  if (/Error checking host key .* in revoked keys file/.test(stderr)) {
    return "revocation-unknown";
  }
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr)) {
    return "changed";
  }
  if (/No \S+ host key is known/.test(stderr)) {
    return "unknown";
  }
  if (!/Permission denied/.test(stderr)) {
    return stderr;
  }
  return /matches the \S+ host certificate/.test(stderr.slice(stderr.lastIndexOf("known and matches") - 9))
    ? "certificate"
    : "plain key";
}

/** Our verdict, over the real transport. */
async function weSay(one: Case, proxy: string): Promise<string> {
  const logger = new RecordingLogger();
  const config = testHostConfig({
    hostName: host,
    port: one.port ?? 22,
    ...(one.alias !== undefined && { hostKeyAlias: one.alias.toLowerCase() }),
    strictHostKeyChecking: "yes",
    userKnownHostsFiles: [file("known_hosts")],
    revokedHostKeysFiles: (one.options ?? []).some(([, value]) => value === "revoked")
      ? [file("revoked")]
      : [],
    proxyCommand: proxy,
    ...one.config,
  });
  const verifier = createHostKeyVerifier({
    config,
    prompter: { confirmUnknown: () => Promise.reject(new Error("asked")) },
    logger,
  });
  try {
    await new Ssh2Engine().connect(
      {
        config,
        transport: runProxyCommand(proxy, new ServerTalk(logger, () => {})),
        tcpKeepAlive: true,
        verifier,
        authenticator: new ScriptedAuthenticator([]),
        logger,
      },
      never(),
    );
    return "logged in";
  } catch (error) {
    if (HostKeyError.is(error)) {
      return error.reason;
    }
    if (!AuthError.is(error)) {
      throw error;
    }
    return logger.lines.some((text) => text.includes("proves the host")) ? "certificate" : "plain key";
  }
}

describe("verdicts about host certificates, compared with ssh", () => {
  const verdicts = new Set<string>();

  it.each(cases)("$what", async (one) => {
    const proxy = await prepare(one);
    const theirs = await sshSays(one, proxy);
    expect(theirs).toMatch(/^(?:certificate|plain key|unknown|changed|revoked|revocation-unknown)$/);
    verdicts.add(theirs);
    expect(await weSay(one, proxy)).toBe(one.ours ?? theirs);
  });

  it("cover every kind of verdict", () => {
    const all = ["certificate", "changed", "plain key", "revocation-unknown", "revoked", "unknown"];
    expect([...verdicts].sort()).toEqual(all);
  });
});

describe("host certificates on a connection", () => {
  it("stay accepted when keys are exchanged again, even after they have expired", async () => {
    await run("ssh-keygen", ["-q", "-s", file("ca"), "-I", "id", "-h", "-n", "127.0.0.1", file("host.pub")]);
    const server = await startSshd({
      sshd: { HostKey: file("host"), HostCertificate: file("host-cert.pub") },
    });
    try {
      await writeFile(file("known_hosts"), `@cert-authority * ${await line("ca")}\n`);
      const request = loginTo(server);
      let now = Date.now();
      const config = testHostConfig({
        ...request.config,
        strictHostKeyChecking: "yes",
        userKnownHostsFiles: [file("known_hosts")],
      });
      const logger = new RecordingLogger();
      const verifier = createHostKeyVerifier({
        config,
        prompter: { confirmUnknown: () => Promise.reject(new Error("asked")) },
        logger,
        now: () => now,
      });
      const connection = await new Ssh2Engine().connect({ ...request, config, verifier, logger }, never());
      expect(connection.info.algorithms?.hostKey).toBe("ssh-ed25519-cert-v01@openssh.com");
      now = 8e12;
      for (let count = 0; count < 3; count++) {
        connection.rekey();
        expect((await runSession(connection, "echo here")).stdout).toBe("here\n");
      }
      expect(connection.ended).toBeUndefined();
      connection.destroy();
    } finally {
      await server.stop();
    }
  });
});
