import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { programSurroundings } from "../../src/base/programFolder.ts";
import { createHostResolver } from "../../src/config/hostResolver.ts";
import { installWrapper } from "../../src/share/wrapperScripts.ts";
import type { SshdHost } from "../lab/sshdHost.ts";
import { until } from "../lab/until.ts";
import { type EveryTerminalLab, everyTerminalLab } from "../support/everyTerminalLab.ts";
import { outcomeOf } from "../support/sharedConnection.ts";

/**
 * Our own `ssh -G`, while all sockets live: the wrapper is first in PATH, the ssh_config includes the files that lead
 * `ssh` to our connections, and a connection of the machine's `ssh` is at its ControlPath.
 */
describe("an editor that shares its connections in every way, started in a terminal of itself", () => {
  let lab: EveryTerminalLab;
  let folder: string;
  let terminal: NodeJS.ProcessEnv;

  /** Hosts that lead to a connection of ours. */
  const led = ["lab", "second", "included", "one.wild", "jumped"];

  /** Those, further ones with a connection, and what else a configuration may hold. */
  const connected = [...led, "by-command", "tokens", "controlled"];
  const others = ["final", "asking", "by-stdio", "negated.wild", "unlisted", "127.0.0.1", "matched-by-user"];

  const blocks = (host: SshdHost): string => {
    const { folder: at } = host;
    return [
      `Include ${at}/more/*.conf`,
      host.sshConfigText("lab"),
      host.sshConfigText("second", [
        "SetEnv LC_SECOND=yes",
        "LocalForward 16161 127.0.0.1:1",
        "SendEnv LC_*",
      ]),
      host.sshConfigText("*.wild !negated.wild"),
      host.sshConfigText("jumped", ["ProxyJump lab"]),
      host.sshConfigText("by-command", [`ProxyCommand ssh -F ${at}/config lab 'exec busybox nc %h %p'`]),
      host.sshConfigText("by-stdio", [`ProxyCommand ssh -F ${at}/config -W %h:%p lab`]),
      host.sshConfigText("tokens", [
        ...[
          "LocalCommand echo %n %k %C",
          "KnownHostsCommand /bin/true %H %h %p",
          "IdentityAgent ${" + "HOME}/no-agent",
        ],
        ...["CertificateFile %d/.ssh/%r-cert.pub", "RemoteForward /tmp/%C.sock 127.0.0.1:1"],
      ]),
      host.sshConfigText("controlled", [
        `ControlPath ${at}/cm-%C`,
        "ControlMaster auto",
        "ControlPersist 60",
      ]),
      // These run `ssh` while `ssh -G` reads the file: it must log in by itself.
      `Match originalhost asking exec "ssh -F ${at}/config -o BatchMode=yes lab true"`,
      "  HostName found-by-ssh.invalid",
      "Match originalhost matched-by-user user someone",
      "  ProxyCommand none",
      "Host matched-by-user",
      "  User someone",
      "Match final originalhost final",
      "  ServerAliveInterval 7",
      "Host *",
      "  ServerAliveCountMax 9",
      "",
    ].join("\n");
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ssh-sessions-wrapper-"));
    await installWrapper(folder);
    lab = await everyTerminalLab({ blocks });
    await mkdir(join(lab.host.folder, "more"));
    await writeFile(
      join(lab.host.folder, "more", "a.conf"),
      lab.host.sshConfigText("included", ["Port 9"]).replace("  Port 9\n", ""),
    );
    lab.stack.settings.hosts = [{ pattern: "controlled", engine: "openssh" }];
    lab.stack.settings.reload();
    terminal = {
      ...process.env,
      ...(await lab.stack.programs.turnOn()),
      PATH: `${folder}:${process.env["PATH"]}`,
    };
    for (const host of connected) {
      await lab.stack.service.connect(host);
    }
    await until(async () => {
      const entries = await readdir(terminal["SSH_SESSIONS_HOSTS"] ?? "");
      const included = await lab.included(lab.stack.service.masters().length);
      return led.every(
        (host) =>
          entries.some((name) => name.startsWith(`${host},,,`)) &&
          included.some((text) => text.includes(`'${host},,'`)),
      );
    }, "every host can be found");
  });

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(() => vi.unstubAllEnvs());

  /** What `ssh -G` prints. */
  async function asked(config: string, host: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
    const { stdout, code } = await outcomeOf("ssh", ["-G", "-F", config, "--", host], env);
    expect(code).toBe(0);
    return stdout.split("\n");
  }

  /** Whether a program has been on our connections while `work` ran. */
  async function guests<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly outcome: T; readonly guests: number }> {
    const { programs } = lab.stack;
    await until(() => programs.programs().length === 0, "the programs before it have gone");
    const seen = new Set<string>();
    const watch = programs.onDidChange(() => {
      for (const { id } of programs.programs()) {
        seen.add(id);
      }
    });
    const outcome = await work();
    watch.dispose();
    return { outcome, guests: seen.size };
  }

  test("the user's own ssh is led to our connections, so that the other tests mean something", async () => {
    const masters = lab.stack.service.masters();
    // The first one has the jumps, and the host `controlled` has one by the machine's ssh.
    expect(masters.map(({ state }) => state.kind)).toEqual(["ready", ...Array(4).fill("lingering")]);
    expect(masters.filter(({ engine }) => engine === "openssh")).toHaveLength(1);
    for (const env of [terminal, process.env]) {
      for (const host of led) {
        const ridden = await guests(() => outcomeOf("ssh", ["-F", lab.config, host, "true"], env));
        expect({ host, code: ridden.outcome.code, guests: ridden.guests }).toEqual({
          host,
          code: 0,
          guests: 1,
        });
      }
    }
    const asking = await guests(() => asked(lab.config, "asking", terminal));
    expect(asking.guests).toBeGreaterThan(0);
  });

  test.each([...connected, ...others])(
    "ssh -G %s, as we start it, prints what it prints without our line, and no program is on our connections",
    async (host) => {
      const { outcome, guests: count } = await guests(() =>
        asked(lab.config, host, programSurroundings(terminal).env),
      );
      expect(outcome).toEqual(await asked(lab.plain, host, programSurroundings().env));
      expect(count).toBe(0);
    },
  );

  test("our resolver finds the same values for every host, and the same hosts, with and without our line", async () => {
    const resolve = async (config: string) => {
      const settings = Object.assign(Object.create(lab.stack.settings), { configFile: config });
      const resolver = createHostResolver({ settings, clock: systemClock, logger: lab.logger });
      const { hosts } = await resolver.hosts();
      const found = new Map<string, unknown>();
      for (const host of [...connected, ...others, `${lab.host.user}@lab`, `lab:${lab.host.port}`]) {
        const { values, hostName, port, user, proxyCommand, proxyJump } = await resolver.resolve(host);
        found.set(host, { values, hostName, port, user, proxyCommand, proxyJump });
      }
      resolver.dispose();
      return { hosts: hosts.map(({ alias }) => alias), found };
    };
    const plain = await resolve(lab.plain);
    for (const [name, value] of Object.entries(terminal)) {
      vi.stubEnv(name, value);
    }
    const { outcome, guests: count } = await guests(() => resolve(lab.config));
    expect(outcome).toEqual(plain);
    expect(outcome.hosts).toEqual(
      expect.arrayContaining(["lab", "second", "included", "jumped", "controlled"]),
    );
    expect(count).toBe(0);
  });
});
