import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { silentLogger } from "../../src/base/log.ts";
import type { AlgorithmKeyword, AlgorithmNames } from "../../src/config/algorithmLists.ts";
import { configEnvironment } from "../../src/config/configEnvironment.ts";
import { ConfigError } from "../../src/config/configErrors.ts";
import type { HostConfig } from "../../src/config/hostConfig.ts";
import { createHostResolver } from "../../src/config/hostResolver.ts";
import { parseSshOutput } from "../../src/config/sshG.ts";
import { ConfigHome, FakeSettings } from "../support/configFixtures.ts";
import { agreementCases } from "./configCases.ts";

let home: ConfigHome;
let algorithms: Readonly<Record<AlgorithmKeyword, AlgorithmNames>>;
let compared = 0;

beforeAll(async () => {
  home = await ConfigHome.create();
  const printed = parseSshOutput(execFileSync("ssh", ["-G", "-F", "none", "x"], { encoding: "utf8" }));
  const names = (keyword: AlgorithmKeyword, query: string): AlgorithmNames => ({
    offered: printed.get(keyword)?.[0]?.split(",") ?? [],
    known: execFileSync("ssh", ["-Q", query], { encoding: "utf8" }).trim().split("\n"),
  });
  algorithms = {
    ciphers: names("ciphers", "cipher"),
    macs: names("macs", "mac"),
    kexalgorithms: names("kexalgorithms", "kex"),
    hostkeyalgorithms: names("hostkeyalgorithms", "HostKeyAlgorithms"),
    pubkeyacceptedalgorithms: names("pubkeyacceptedalgorithms", "PubkeyAcceptedAlgorithms"),
    casignaturealgorithms: names("casignaturealgorithms", "sig"),
  };
});

afterAll(async () => {
  await home.dispose();
  expect(compared).toBeGreaterThan(0);
});

/** The result of one resolver for a host: all values, or the place of its error. */
async function outcome(configFile: string, host: string, ssh: "ssh" | false): Promise<unknown> {
  const settings = new FakeSettings();
  settings.configFile = configFile;
  // The account's real home folder, which OpenSSH uses whatever $HOME is.
  const environment = configEnvironment();
  const resolver = createHostResolver({
    ...{ settings, clock: systemClock, logger: silentLogger, environment, algorithms },
    ...(ssh === false && { ssh }),
  });
  try {
    return comparable(await resolver.resolve(host));
  } catch (error) {
    if (ConfigError.is(error)) {
      return { refused: error.reason };
    }
    throw error;
  } finally {
    resolver.dispose();
  }
}

function comparable(config: HostConfig): unknown {
  const { sources, warnings: _, values: __, identityFiles, ...values } = config;
  compared += Object.keys(values).length;
  return {
    ...values,
    // The default identity files differ between versions.
    identityFiles: config.identityFilesAreDefault ? "default" : identityFiles,
    // If both report the line, it must be the same.
    lines: [...sources]
      .flatMap(([name, source]) =>
        source.kind === "sshConfig" && comparedSources.has(name)
          ? [`${name} ${source.file}:${source.line}`]
          : [],
      )
      .sort(),
  };
}

const comparedSources = new Set(
  (
    "user hostname port serveraliveinterval serveralivecountmax tcpkeepalive controlpersist identityfile proxyjump " +
    "proxycommand userknownhostsfile stricthostkeychecking sendenv setenv remotecommand requesttty identityagent"
  ).split(" "),
);

async function expectAgreement(text: string, host: string): Promise<void> {
  const file = await home.write(
    "config",
    text.replaceAll("$DIR", home.folder).replace(/\$\[(\w+)\]/g, "$${$1}"),
  );
  const [own, asked] = await Promise.all([outcome(file, host, false), outcome(file, host, "ssh")]);
  expect(own, text).toEqual(asked);
}

/*
 * These files leave out intentional differences: a `Match exec` that matches; `Match !final`; tokens in User, SetEnv
 * and Include, `%j`, and `%C` with a jump host (newer than some versions of ssh); algorithm names and Match criteria
 * unknown to OpenSSH; values of keywords that we ignore; ServerAliveInterval under BatchMode, which Debian changes.
 */
describe("our own parser of ssh_config agrees with `ssh -G`", () => {
  beforeAll(async () => {
    await home.write("inc/one", "Port 3001\nUser one\n");
    await home.write("inc/two", "Port 3002\nHost web\n  User two\nHost *\n  ServerAliveInterval 7\n");
    await home.write("inc/.hidden", "Port 3999\n");
    await home.write("inc/match", "Match originalhost web\n  User matched\n");
    await home.write("inc/loop", `Include ${home.path("inc/loop")}\n`);
    await home.write("inc/bad", "Port 22\nPort abc\n");
    await home.write("with blank/one", "Port 3003\n");
  });

  test.each(agreementCases.map(([name, host, text]) => ({ name, host, text })))(
    "$name",
    async ({ host, text }) => {
      await expectAgreement(text, host);
    },
  );

  test("generated files", async () => {
    const pattern = fc.constantFrom(
      ...[
        "web",
        "db",
        "*",
        "w*",
        "we?",
        "web?",
        "!web",
        "!db",
        "*.example.org",
        "??",
        "web.example.org",
        "W*",
      ],
    );
    const user = fc.constantFrom("alice", "bob", "root", "a b", "x%y");
    const line = fc.oneof(
      fc.array(pattern, { minLength: 1, maxLength: 3 }).map((patterns) => `Host ${patterns.join(" ")}`),
      fc
        .tuple(fc.constantFrom("host", "originalhost", "!host", "!originalhost"), pattern, pattern)
        .map(([criterion, one, other]) => `Match ${criterion} ${one},${other}`),
      user.map((name) => `Match user "${name}*"`),
      fc.constantFrom("Match all", "Match final", "Match canonical", "Match final all"),
      fc.integer({ min: 1, max: 65535 }).map((port) => `  Port=${port}`),
      user.map((name) => `  User "${name.replace("%", "")}"`),
      fc
        .constantFrom("%h.example.org", "web", "WEB", "db", "10.0.0.1", "::1", "%h")
        .map((name) => `HostName ${name}`),
      fc.integer({ min: 0, max: 100 }).map((seconds) => `\tServerAliveInterval\t${seconds}`),
      fc.integer({ min: 0, max: 9 }).map((count) => `serveralivecountmax = ${count}`),
      fc.constantFrom("yes", "no", "true", "5", "10m", "1h30m", "0").map((time) => `ControlPersist ${time}`),
      fc
        .constantFrom("none", "bastion", "me@bastion:2200", "a,b,c", "ssh://u@h:1")
        .map((jump) => `ProxyJump ${jump}`),
      fc.constantFrom("none", "nc %h %p", "nc -X '%n' %r # x").map((command) => `ProxyCommand ${command}`),
      fc
        .constantFrom("~/.ssh/id_a", '"~/my keys/%h"', "%d/k", "none", "/k/%r-%u")
        .map((file) => `IdentityFile ${file}`),
      fc.constantFrom("LANG LC_*", "A B", "-LC_* X", "-*").map((names) => `SendEnv ${names}`),
      fc.constantFrom("A=1 B=2", '"A=x y"', "C=").map((assignment) => `SetEnv ${assignment}`),
      fc.constantFrom("yes", "no", "Yes", "FALSE").map((word) => `TCPKeepAlive ${word}`),
      fc.constantFrom("none", "~/kh", "~/kh ~/kh2", "%d/%h").map((files) => `UserKnownHostsFile ${files}`),
      fc.constantFrom("one", "two", "match", "*", "missing").map((name) => `Include $DIR/inc/${name}`),
      fc.constantFrom("# comment", "", "   ", "\t# Port 1"),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 14 }),
        fc.constantFrom("web", "db", "web.example.org", "WEB", "alice@web", "web:2222", "xx"),
        async (lines, host) => {
          await expectAgreement(`${lines.join("\n")}\n`, host);
        },
      ),
      { numRuns: 250, seed: 20_240_501 },
    );
  });
});
