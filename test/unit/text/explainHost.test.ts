import { describe, expect, it } from "vitest";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { explainHost, type HostExplanation } from "../../../src/text/explainHost.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const home = "/home/a";
const file = "/home/a/.ssh/config";
const config: HostConfig = testHostConfig({
  identityAgent: "/run/agent",
  proxyJump: [{ alias: "outer" }, { alias: "bastion", user: "me" }],
  setEnv: { TOKEN: "s3cret" },
  userKnownHostsFiles: ["/home/a/.ssh/known_hosts"],
  values: new Map([
    ["hostname", ["server.example.org"]],
    ["port", ["22"]],
    ["setenv", ["TOKEN=s3cret"]],
    ["bindinterface", ["eth0"]],
    ["host", ["web1"]],
  ]),
  sources: new Map([
    ["hostname", { kind: "sshConfig", file, line: 3 }],
    ["user", { kind: "commandLine" }],
    ["port", { kind: "hostSetting", pattern: "web*" }],
    ["setenv", { kind: "sshConfig", file, line: 4 }],
    ["bindinterface", { kind: "sshConfig", file, line: 5 }],
  ]),
  warnings: [
    { kind: "keyword", keyword: "bindinterface", value: "eth0", file, line: 5, isSystemWide: false },
  ],
});

function explained(changes: Partial<HostExplanation> = {}) {
  return explainHost({
    host: "web1",
    config,
    hops: [
      { host: "outer", config: testHostConfig({ alias: "outer", hostName: "outer.example.org" }) },
      { host: "me@bastion", error: "It is not known." },
    ],
    policies: [
      {
        key: "linger",
        value: 60,
        source: { kind: "setting", setting: "sshSessions.master.linger", layer: "workspace" },
      },
      { key: "persistence", value: { command: "x {name}" }, source: { kind: "default" } },
    ],
    keys: {
      agent: "/run/agent",
      keys: ["~/.ssh/id_a (agent)", "agent key b"],
      problems: ["~/.ssh/id_c: bad"],
    },
    configFile: "",
    home,
    ...changes,
  });
}

describe("the document that explains a host", () => {
  it("has every part, each value with its source", () => {
    const { text } = explained();
    for (const line of [
      /^How SSH Sessions connects to "web1"$/m,
      /^alice@server\.example\.org$/m,
      /^Hostname +server\.example\.org +~\/\.ssh\/config line 3$/m,
      /^User +alice +as typed$/m,
      /^Port +22 +sshSessions\.hosts "web\*"$/m,
      /^ProxyJump +outer,me@bastion +default$/m,
      /^1\. outer: alice@outer\.example\.org$/m,
      /^2\. me@bastion: It is not known\.$/m,
      /^Methods +publickey, keyboard-interactive, password$/m,
      /^ {2}1\. ~\/\.ssh\/id_a \(agent\)\n {2}2\. agent key b\n {2}Not used: ~\/\.ssh\/id_c: bad$/m,
      /^Own files +~\/\.ssh\/known_hosts$/m,
      /^linger +60 +workspace setting$/m,
      /^persistence +\{"command":"x \{name\}"\} +default$/m,
      /^BindInterface +eth0 +~\/\.ssh\/config line 5 \(no effect here\)$/m,
      /^\* BindInterface is not honoured \(~\/\.ssh\/config line 5\)\. .*BindAddress\.$/m,
    ]) {
      expect(text).toMatch(line);
    }
  });

  it("says if a host is connected to by its own name, and if its key is looked up by that", () => {
    const sources = new Map([["user", { kind: "commandLine" } as const]]);
    const { text } = explained({
      config: testHostConfig({ alias: "10.0.0.5", hostName: "10.0.0.5", port: 2222, sources }),
      hops: [],
    });
    expect(text).toMatch(/^Hostname +10\.0\.0\.5 +the name itself$/m);
    expect(text).toMatch(/^User +alice +as typed$/m);
    expect(text).toMatch(/^Port +2222 +default$/m);
    expect(text).toMatch(/^Looked up as +\[10\.0\.0\.5\]:2222 +the host name$/m);
  });

  it("links each source to its line or its setting", () => {
    const { text, links } = explained();
    const lines = text.split("\n");
    const found = links.map(({ line, start, end, target }) => [lines[line]?.slice(start, end), target]);
    expect(found).toContainEqual(["~/.ssh/config line 3", { kind: "file", file, line: 3 }]);
    expect(found).toContainEqual([
      "workspace setting",
      { kind: "setting", setting: "sshSessions.master.linger" },
    ]);
    expect(found).toContainEqual([
      'sshSessions.hosts "web*"',
      { kind: "setting", setting: "sshSessions.hosts" },
    ]);
    expect(found).toContainEqual(["~/.ssh/known_hosts", { kind: "file", file: "/home/a/.ssh/known_hosts" }]);
    for (const [words] of found) {
      expect(words).not.toBe("");
    }
  });

  it("does not show the values of SetEnv", () => {
    const { text } = explained();
    expect(text).toMatch(/^SetEnv +TOKEN=… +~\/\.ssh\/config line 4$/m);
    expect(text).not.toContain("s3cret");
  });

  it("says if nothing is set, tried or left unsupported", () => {
    const { text } = explained({
      config: testHostConfig({ proxyJump: [], pubkeyAuthentication: false, batchMode: true }),
      hops: [],
      keys: { agent: undefined, keys: [], problems: [] },
    });
    for (const words of [
      "Directly, without a jump host.",
      "No key is tried: PubkeyAuthentication is off.",
      "Everything in the files is honoured.",
      "Methods                        none",
      "Agent                          none",
    ]) {
      expect(text).toContain(words);
    }
  });

  it("shows a ProxyCommand instead of jump hosts", () => {
    const { text } = explained({ config: testHostConfig({ proxyCommand: "nc web1 22" }), hops: [] });
    expect(text).toMatch(/^ProxyCommand +nc web1 22/m);
  });

  it("is bounded and escaped, whatever the files contain", () => {
    const huge = "x".repeat(100_000);
    const { text, links } = explained({
      host: `a\u001b]0;x\u0007\u202e${huge}`,
      keys: {
        agent: "/a",
        keys: Array.from({ length: 50_000 }, (_, index) => `key ${index} \u001b[31m`),
        problems: Array.from({ length: 50_000 }, () => huge),
      },
      config: testHostConfig({
        values: new Map([["identityfile", Array.from({ length: 50_000 }, () => "/k")]]),
        warnings: Array.from({ length: 50_000 }, (_, line) => ({ kind: "match-exec", file, line }) as const),
        userKnownHostsFiles: Array.from({ length: 50_000 }, () => "/kh"),
      }),
    });
    expect(text.length).toBeLessThan(400_000);
    expect(links.length).toBeLessThan(500);
    expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    expect(text).toContain("and 49900 more");
  });
});
