// biome-ignore-all lint/suspicious/noTemplateCurlyInString: how ssh_config writes a variable
import { chmod } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../../src/base/log.ts";
import type { ConfigEnvironment } from "../../../src/config/configEnvironment.ts";
import { ConfigError } from "../../../src/config/configErrors.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { createHostResolver } from "../../../src/config/hostResolver.ts";
import { type Keyword, keywordNames, keywordTable } from "../../../src/config/keywordTable.ts";
import { ConfigHome, FakeSettings } from "../../support/configFixtures.ts";
import { ManualClock } from "../../support/manualClock.ts";

describe("without an ssh on the machine", () => {
  let home: ConfigHome;
  let settings: FakeSettings;
  beforeEach(async () => {
    home = await ConfigHome.create();
    settings = new FakeSettings();
  });
  afterEach(() => home.dispose());

  async function resolve(host: string, changes: Partial<ConfigEnvironment> = {}): Promise<HostConfig> {
    const resolver = createHostResolver({
      settings,
      clock: new ManualClock(),
      logger: silentLogger,
      environment: home.environment(changes),
      ssh: false,
    });
    try {
      return await resolver.resolve(host);
    } finally {
      resolver.dispose();
    }
  }
  async function failure(host: string, changes?: Partial<ConfigEnvironment>): Promise<ConfigError> {
    const error = await resolve(host, changes).catch((thrown: unknown) => thrown);
    if (!ConfigError.is(error)) {
      throw new Error("It should have been refused", { cause: error });
    }
    return error;
  }

  test("OpenSSH's defaults are filled in, and nothing counts as set", async () => {
    const config = await resolve("web");
    expect(config).toMatchObject({
      alias: "web",
      hostName: "web",
      user: "me",
      port: 22,
      addressFamily: "any",
      connectionAttempts: 1,
      proxyJump: [],
      strictHostKeyChecking: "ask",
      userKnownHostsFiles: [home.path(".ssh/known_hosts"), home.path(".ssh/known_hosts2")],
      globalKnownHostsFiles: [home.path("etc/ssh_known_hosts"), home.path("etc/ssh_known_hosts2")],
      identityFilesAreDefault: true,
      identityFiles: ["rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk"].map((kind) =>
        home.path(`.ssh/id_${kind}`),
      ),
      forwardAgent: false,
      escapeChar: "~",
      requestTty: "auto",
      numberOfPasswordPrompts: 3,
      warnings: [],
    });
    for (const name of [
      ...["serverAliveInterval", "serverAliveCountMax", "tcpKeepAlive", "controlPersist", "connectTimeout"],
      ...["ciphers", "macs", "kexAlgorithms", "hostKeyAlgorithms", "proxyCommand", "identityAgent"],
    ]) {
      expect(config).not.toHaveProperty(name);
    }
    expect(config.sources.get("user")).toEqual({ kind: "default" });
    expect(Object.isFrozen(config) && Object.isFrozen(config.identityFiles)).toBe(true);
  });

  test("the user's file comes before the system's, and each value has its line", async () => {
    const own = await home.write(".ssh/config", "Host web\n  Port 2222\n");
    const system = await home.write("etc/ssh_config", "# all\nHost *\n  Port 1\n  ServerAliveInterval 60\n");
    const config = await resolve("web");
    expect([config.port, config.serverAliveInterval]).toEqual([2222, 60]);
    expect(config.sources.get("port")).toEqual({ kind: "sshConfig", file: own, line: 2 });
    expect(config.sources.get("serveraliveinterval")).toEqual({ kind: "sshConfig", file: system, line: 4 });
  });

  test("another file in the settings is read alone", async () => {
    await home.write(".ssh/config", "User wrong\n");
    await home.write("etc/ssh_config", "Port 1\n");
    await home.write("other", "Compression yes\n");
    settings.configFile = "~/other";
    expect(await resolve("web")).toMatchObject({ user: "me", port: 22, compression: true });
    settings.configFile = "none";
    expect(await resolve("web")).toMatchObject({ user: "me", port: 22, compression: false });
  });

  test("values set to their defaults count as set", async () => {
    await home.write(
      ".ssh/config",
      "ServerAliveInterval 0\nServerAliveCountMax 3\nTCPKeepAlive yes\nControlPersist no\n",
    );
    expect(await resolve("web")).toMatchObject({
      serverAliveInterval: 0,
      serverAliveCountMax: 3,
      tcpKeepAlive: true,
      controlPersist: 0,
    });
  });

  test("typed values override settings, which override the file", async () => {
    await home.write(".ssh/config", "Host web\n User file\n Port 1\n HostName file.example.org\n");
    settings.hosts = [{ pattern: "w*", user: "setting", port: 2, hostName: "setting.example.org" }];
    const byPattern = { kind: "hostSetting", pattern: "w*" };
    const first = await resolve("web");
    expect(first).toMatchObject({ user: "setting", port: 2, hostName: "setting.example.org" });
    expect(["user", "port", "hostname"].map((name) => first.sources.get(name))).toEqual([
      byPattern,
      byPattern,
      byPattern,
    ]);
    const second = await resolve("typed@web:3");
    expect(second).toMatchObject({ user: "typed", port: 3, hostName: "setting.example.org" });
    expect(second.sources.get("user")).toEqual({ kind: "commandLine" });
  });

  test("settings with an invalid host, user or port are skipped", async () => {
    settings.hosts = [{ pattern: "*", user: "-x", port: 70_000, hostName: "a b" }];
    expect(await resolve("web")).toMatchObject({ user: "me", port: 22, hostName: "web" });
  });

  test("settings decide what Match and tokens see", async () => {
    await home.write(".ssh/config", "Match user joe\n IdentityFile /k/%r@%h:%p\n");
    settings.hosts = [{ pattern: "web", user: "joe", hostName: "srv", port: 2 }];
    expect((await resolve("web")).identityFiles).toEqual(["/k/joe@srv:2"]);
  });

  test("relative Includes start in ~/.ssh, those of the system's file beside it", async () => {
    await home.write(".ssh/config", "Include one conf.d/*\n");
    await home.write(".ssh/one", "User one\n");
    await home.write(".ssh/conf.d/two", "Port 2\n");
    await home.write("etc/ssh_config", "Include three\n");
    await home.write("etc/three", "Compression yes\n");
    expect(await resolve("web")).toMatchObject({ user: "one", port: 2, compression: true });
  });

  test("Include may have tokens and variables", async () => {
    await home.write(".ssh/config", "Include ${WHERE}/%n %d/x\n");
    await home.write("conf/web", "Port 2\n");
    await home.write("x", "User x\n");
    expect(await resolve("web", { env: { WHERE: home.path("conf") } })).toMatchObject({ port: 2, user: "x" });
  });

  test("tokens of the machine and the user", async () => {
    await home.write(
      ".ssh/config",
      "IdentityFile %d/%u-%L-%l-%i\nIdentityFile ~bob/%%\nUserKnownHostsFile ${K}/%k\n",
    );
    const config = await resolve("web", { uid: 1000, env: { K: "/k" } });
    expect(config.identityFiles).toEqual([`${home.folder}/me-desk-desk.example.org-1000`, "/home/bob/%"]);
    expect(config.userKnownHostsFiles).toEqual(["/k/web"]);
  });

  test("ProxyJump has its hops, with tokens", async () => {
    await home.write(".ssh/config", "User joe\nProxyJump first,%r@gate-%h:2200\n");
    expect((await resolve("web")).proxyJump).toEqual([
      { alias: "first" },
      { alias: "gate-web", user: "joe", port: 2200 },
    ]);
  });

  test("a host that is its own jump host", async () => {
    await home.write(".ssh/config", "Host *\n ProxyJump bastion\n");
    expect((await failure("bastion")).reason).toBe("jump-loop");
    expect((await resolve("web")).proxyJump).toEqual([{ alias: "bastion" }]);
  });

  test("IdentityAgent and ForwardAgent may name a variable", async () => {
    await home.write(".ssh/config", "IdentityAgent $SOCK\nForwardAgent $SOCK\n");
    const env = { SOCK: "/run/agent" };
    expect(await resolve("web", { env })).toMatchObject({
      identityAgent: "/run/agent",
      forwardAgent: "/run/agent",
    });
    expect(await resolve("web")).toMatchObject({ identityAgent: "none", forwardAgent: false });
  });

  test("ChannelTimeout, even if the local OpenSSH does not support it", async () => {
    await home.write(".ssh/config", "ChannelTimeout session:shell=10m direct-*=30\n");
    expect((await resolve("web")).channelTimeouts).toEqual([
      { pattern: "session:shell", seconds: 600 },
      { pattern: "direct-*", seconds: 30 },
    ]);
  });

  test("algorithm lists that extend OpenSSH's own", async () => {
    await home.write(".ssh/config", "Ciphers +aes128-cbc\nHostKeyAlgorithms ssh-rsa,unheard-of\n");
    const config = await resolve("web");
    expect(config.ciphers?.slice(-2)).toEqual(["aes256-ctr", "aes128-cbc"]);
    expect(config.hostKeyAlgorithms).toEqual(["ssh-rsa", "unheard-of"]);
  });

  test("Match exec is never run: its block is omitted, with a warning", async () => {
    await home.write(
      ".ssh/config",
      `Match exec "touch ${home.path("ran")}"\n Port 1\nMatch !exec false\n Port 2\n`,
    );
    const config = await resolve("web");
    expect(config.port).toBe(22);
    const file = home.path(".ssh/config");
    expect(config.warnings).toEqual([
      { kind: "match-exec", file, line: 1 },
      { kind: "match-exec", file, line: 3 },
    ]);
    await expect(chmod(home.path("ran"), 0o600)).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("criteria of newer OpenSSH", async () => {
    await home.write(
      ".ssh/config",
      'Tag blue\nMatch tagged red\n Port 1\nMatch tagged blue sessiontype shell command ""\n Port 2\n',
    );
    expect((await resolve("web")).port).toBe(2);
  });

  test("Match version is compared with the release that the parser follows", async () => {
    await home.write(
      ".ssh/config",
      "Match version OpenSSH_9.*\n Port 1\nMatch !version OpenSSH_10.*\n Port 2\nMatch version OpenSSH_10.5*\n Port 3\n",
    );
    expect((await resolve("web")).port).toBe(3);
  });

  test("Match sessiontype sees the SessionType that was set before", async () => {
    await home.write(
      ".ssh/config",
      "Match sessiontype none\n Port 1\nMatch all\n SessionType none\nMatch sessiontype none\n Port 2\n",
    );
    expect(await resolve("web")).toMatchObject({ port: 2, sessionType: "none" });
  });

  test("RefuseConnection refuses with its text and its line, only if it applies", async () => {
    await home.write(
      ".ssh/config",
      'Host old\n  RefuseConnection "moved to \u001b[31mnew"\nHost *\n Port 7\n',
    );
    expect((await resolve("new")).port).toBe(7);
    const error = await failure("old");
    expect(error).toMatchObject({ reason: "refused", file: home.path(".ssh/config"), line: 2 });
    expect(error.message).toBe("moved to \\u{1b}[31mnew");
  });

  test("requests that are not honoured give warnings", async () => {
    await home.write(".ssh/config", "RevokedHostKeys none\nForwardX11 no\nTunnel no\nBindInterface eth0\n");
    const place = { kind: "keyword", file: home.path(".ssh/config"), isSystemWide: false };
    const { warnings } = await resolve("web");
    expect(warnings).toHaveLength(1);
    expect(warnings).toContainEqual({ ...place, keyword: "bindinterface", value: "eth0", line: 4 });
  });

  test("warnings from the machine's file are marked as such", async () => {
    await home.write("etc/ssh_config", "VisualHostKey yes\n");
    expect((await resolve("web")).warnings).toMatchObject([{ keyword: "visualhostkey", isSystemWide: true }]);
    await home.write(".ssh/config", "VisualHostKey yes\n");
    expect((await resolve("web")).warnings).toMatchObject([
      { keyword: "visualhostkey", isSystemWide: false },
    ]);
  });

  test("every keyword that is not honoured is reported with its line, unless its value has no effect", async () => {
    const values: Partial<Record<Keyword, string>> = {
      rekeylimit: "1G",
      ipqos: "lowdelay",
      fingerprinthash: "md5",
      requiredrsasize: "2048",
      tunnel: "ethernet",
      localforward: "1 a:2",
      remoteforward: "1 a:2",
      dynamicforward: "1",
      warnweakcrypto: "yes",
    };
    const unheard = keywordNames.filter((keyword) => keywordTable[keyword].standing === "not-honoured");
    expect(unheard.length).toBeGreaterThan(10);
    await home.write(".ssh/config", unheard.map((name) => `${name} ${values[name] ?? "yes"}\n`).join(""));
    const named = (await resolve("web")).warnings.map((warning) => warning.kind === "keyword" && warning);
    expect(named.map((warning) => warning && [warning.keyword, warning.line])).toEqual(
      unheard.map((keyword, index) => [keyword, index + 1]),
    );
    const quiet = unheard.filter((keyword) => keywordTable[keyword].asksNothing?.test("no") === true);
    await home.write(".ssh/config", quiet.map((name) => `${name} no\n`).join(""));
    expect(quiet.length).toBeGreaterThan(5);
    // Keywords without such a word refuse it.
    await home.write(
      ".ssh/config",
      quiet
        .filter((name) => !/forward$|^(?:ipqos|bindinterface|securitykeyprovider)/.test(name))
        .map((name) => `${name} no\n`)
        .join(""),
    );
    expect((await resolve("web")).warnings).toEqual([]);
  });

  describe("a file that OpenSSH would refuse", () => {
    test.each([
      ["Host web\n Port 22x\n", 2],
      ["Match moon full\n Port 1\n", 1],
      ["Host web\n LogLevel loud\n", 2],
      ["Host web\n AddKeysToAgent perhaps\n", 2],
      ["Host web\n AddKeysToAgent yes 5m\n", 2],
      ["Host web\n ControlMaster maybe\n", 2],
      ["Host web\n IPQoS\n", 2],
      ['Host db\n User "x\n', 2],
      ["\n\nPrt 22\n", 3],
      ["HostName %z\n", 1],
      ["IdentityFile ${NOT_SET}/x\n", 1],
      ["User x\nIdentityFile ~eve/x\n", 2],
      ["ProxyCommand nc %u\n", 1],
      ["ProxyJump a b\n", 1],
      ["Match user\n", 1],
    ])("%j: the error names file and line", async (text, line) => {
      const file = await home.write(".ssh/config", text);
      expect(await failure("web")).toMatchObject({ reason: "malformed", file, line });
    });

    test("the first of several errors counts, in an included file", async () => {
      await home.write(".ssh/config", "Include more\nPort x\n");
      const file = await home.write(".ssh/more", "Port 1\nCompression maybe\n");
      expect(await failure("web")).toMatchObject({ reason: "malformed", file, line: 2 });
    });

    test("files that include each other", async () => {
      await home.write(".ssh/config", "Include config config\n");
      expect(await failure("web")).toMatchObject({ reason: "malformed", line: 1 });
    });

    test("writable by others", async () => {
      const file = await home.write(".ssh/config", "Port 1\n");
      await chmod(file, 0o620);
      expect(await failure("web")).toMatchObject({ reason: "unreadable", file });
      // Windows has no such bits.
      expect((await resolve("web", { platform: "win32" })).port).toBe(1);
    });

    test("owned by another user", async () => {
      const file = await home.write(".ssh/config", "Port 1\n");
      await chmod(file, 0o600);
      const { uid } = home.environment();
      if (uid === 0) {
        const { chown } = await import("node:fs/promises");
        await chown(file, 12_345, 12_345);
        expect(await failure("web")).toMatchObject({ reason: "unreadable", file });
      } else {
        expect(await failure("web", { uid: uid + 1 })).toMatchObject({ reason: "unreadable", file });
      }
    });

    test("the file named by the settings is missing", async () => {
      settings.configFile = home.path("missing");
      expect(await failure("web")).toMatchObject({ reason: "unreadable", file: home.path("missing") });
    });
  });

  test("an invalid host is refused before any file is read", async () => {
    expect((await failure("-oProxyCommand=x")).reason).toBe("invalid-host");
  });
});
