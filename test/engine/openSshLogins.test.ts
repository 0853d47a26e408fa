import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { quoteForShell } from "../../src/engine/openssh/quoteForShell.ts";
import { type KerberosRealm, startKerberosRealm } from "../lab/kerberosRealm.ts";
import { makeKey } from "../lab/keys.ts";
import { type SshdHost, startSshd } from "../lab/sshdHost.ts";
import { shell } from "../support/fakeStack.ts";
import { noPrompts, type TestStack, Transcript, testStack } from "../support/testStack.ts";

const run = promisify(execFile);

function userHome(name: string): string {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((each) => each.startsWith(`${name}:`));
  return line?.split(":")[5] ?? "";
}

describe("logins that only OpenSSH's ssh supports", () => {
  let host: SshdHost;
  let config: string;

  beforeAll(async () => {
    host = await startSshd({ sshd: { GSSAPIAuthentication: "yes", GSSAPIStrictAcceptorCheck: "no" } });
    config = join(host.folder, "config");
  });

  afterEach(() => vi.unstubAllEnvs());
  afterAll(() => host.stop());

  /** Without key files. `localhost` is the name of the service's ticket. */
  const writeConfig = (...lines: readonly string[]): Promise<void> =>
    writeFile(
      config,
      [
        "Host lab",
        "HostName localhost",
        `HostKeyAlias [127.0.0.1]:${host.port}`,
        `Port ${host.port}`,
        `User ${host.user}`,
        "AddressFamily inet",
        `UserKnownHostsFile ${host.knownHostsFile}`,
        "StrictHostKeyChecking yes",
        ...lines,
        "",
      ].join("\n"),
    );

  async function logsInByOpenSsh(stack: TestStack): Promise<void> {
    const session = new Transcript(await stack.service.open({ host: "lab", ...shell }));
    session.send("echo in-$((40+2)); exit\n");
    await session.waitFor(/in-42/);
    expect(stack.service.masters().map(({ engine }) => engine)).toEqual(["openssh"]);
  }

  test("ssh_config with PKCS11Provider: a key in a token logs in after its PIN was requested", async () => {
    const tokens = join(host.folder, "tokens");
    await mkdir(tokens);
    const softHsm = join(host.folder, "softhsm2.conf");
    await writeFile(softHsm, `directories.tokendir = ${tokens}\n`);
    vi.stubEnv("SOFTHSM2_CONF", softHsm);
    const [pin, key] = ["4711", join(host.folder, "token-key")];
    await run("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-m", "PKCS8", "-N", "", "-f", key]);
    await run("softhsm2-util", [
      ...["--init-token", "--free", "--label", "lab"],
      ...["--pin", pin, "--so-pin", "12345678"],
    ]);
    await run("softhsm2-util", [
      ...["--import", key, "--token", "lab", "--pin", pin],
      ...["--label", "k", "--id", "01"],
    ]);
    await appendFile(host.authorizedKeysFile, (await run("ssh-keygen", ["-y", "-f", key])).stdout);
    await writeConfig("PKCS11Provider /usr/lib/softhsm/libsofthsm2.so");
    const asked: string[] = [];
    const answer = (_config: HostConfig, of: string): Promise<string> => {
      asked.push(of);
      return Promise.resolve(pin);
    };
    await using stack = await testStack(config, { authPrompter: { ...noPrompts, pin: answer } });
    await logsInByOpenSsh(stack);
    expect(asked).toEqual(["lab"]);
  });

  describe("a Kerberos ticket", () => {
    let realm: KerberosRealm;

    beforeEach(async () => {
      realm = await startKerberosRealm(host.user);
      for (const [name, value] of Object.entries(realm.env)) {
        vi.stubEnv(name, value);
      }
      // The server finds its keytab by an environment variable.
      await host.down();
      await host.up();
    });

    afterEach(() => realm.stop());

    test("logs in without a question if the user's ssh_config sets GSSAPIAuthentication", async () => {
      await writeConfig("PubkeyAuthentication no", "GSSAPIAuthentication yes");
      await using stack = await testStack(config);
      await logsInByOpenSsh(stack);
    });

    test("logs in without a question if only the system's file sets it, after no key has logged in", async () => {
      // Debian sets it there for every host.
      await writeConfig(`IdentityFile ${host.keyFile}`, "Include /etc/ssh/ssh_config");
      const key = await readFile(host.authorizedKeysFile, "utf8");
      {
        await using stack = await testStack(config);
        await stack.service.open({ host: "lab", ...shell });
        expect(stack.service.masters().map(({ engine }) => engine)).toEqual(["ssh2"]);
      }
      await writeFile(host.authorizedKeysFile, "");
      try {
        await using stack = await testStack(config);
        await logsInByOpenSsh(stack);
      } finally {
        await writeFile(host.authorizedKeysFile, key);
      }
    });
  });

  test("ssh_config with HostbasedAuthentication: this machine's host key logs in without a question", async () => {
    const trusting = await startSshd({
      user: "throwaway",
      sshd: {
        HostbasedAuthentication: "yes",
        HostbasedUsesNameFromPacketOnly: "yes",
        IgnoreRhosts: "no",
        AuthenticationMethods: "hostbased",
      },
    });
    const home = userHome(trusting.user);
    const [shosts, known] = [join(home, ".shosts"), join(home, ".ssh", "known_hosts")];
    try {
      // ssh-keysign reads its keys and its permission only from /etc/ssh: this ssh sees another folder there.
      const etc = join(trusting.folder, "etc-ssh");
      await mkdir(etc);
      await writeFile(join(etc, "ssh_config"), "EnableSSHKeysign yes\n");
      const hostKey = await makeKey(join(etc, "ssh_host_ed25519_key"));
      await writeFile(shosts, `localhost ${userInfo().username}\n`);
      await mkdir(join(home, ".ssh"), { recursive: true });
      await writeFile(known, `localhost ${hostKey.publicLine}\n`);
      const programs = join(trusting.folder, "bin");
      await mkdir(programs);
      const real = (await run("sh", ["-c", "command -v ssh"])).stdout.trim();
      const script = `mount --bind '${etc}' /etc/ssh && exec '${real}' "$@"`;
      const ssh = `#!/bin/sh\nexec unshare -m sh -c ${quoteForShell(script)} ssh "$@"\n`;
      await writeFile(join(programs, "ssh"), ssh, { mode: 0o755 });
      vi.stubEnv("PATH", `${programs}:${process.env["PATH"]}`);
      await writeFile(config, `${trusting.sshConfigText("lab")}  HostbasedAuthentication yes\n`);
      await using stack = await testStack(config);
      await logsInByOpenSsh(stack);
      expect(trusting.log()).toMatch(/^Accepted hostbased for /m);
    } finally {
      await trusting.stop();
      await Promise.all([shosts, known].map((file) => rm(file, { force: true })));
    }
  });

  test("a server with sntrup761 only: engine openssh connects, ssh2 names the missing algorithm", async () => {
    const strict = await startSshd({ sshd: { KexAlgorithms: "sntrup761x25519-sha512@openssh.com" } });
    await writeFile(config, strict.sshConfigText("lab"));
    try {
      await using stack = await testStack(config);
      await expect(stack.service.open({ host: "lab", ...shell })).rejects.toMatchObject({
        reason: "no-common-algorithm",
      });
      stack.settings.hosts = [{ pattern: "lab", engine: "openssh" }];
      stack.settings.reload();
      await logsInByOpenSsh(stack);
    } finally {
      await strict.stop();
    }
  });
});
