import { beforeEach, describe, expect, it } from "vitest";
import { Emitter } from "../../../src/base/emitter.ts";
import type { HostResolver } from "../../../src/config/configPorts.ts";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { parseHostSpec } from "../../../src/config/hostSpec.ts";
import type { MasterSnapshot } from "../../../src/session/masterSnapshotTypes.ts";
import { createSshStack, type SshStack } from "../../../src/sshStack.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { FakeEngine } from "../../support/fakeEngine.ts";
import { shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ManualClock, settle } from "../../support/manualClock.ts";
import { ed25519Blob } from "../../support/publicKeys.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";
import { noPrompts } from "../../support/testStack.ts";

/** Any alias belongs to one destination; the typed values beside it apply. */
class Aliases implements HostResolver {
  readonly changed = new Emitter<void>();
  readonly onDidChange = this.changed.event;
  values: Readonly<Record<string, Partial<HostConfig>>> = {};

  async hosts() {
    return { hosts: [], problems: [] };
  }

  async resolve(host: string): Promise<HostConfig> {
    const { alias, user, port } = parseHostSpec(host);
    return testHostConfig({
      ...this.values[alias],
      ...{ alias, ...(user !== undefined && { user }), ...(port !== undefined && { port }) },
      sources: new Map([
        ...(user === undefined ? [] : [["user", { kind: "commandLine" }] as const]),
        ...(port === undefined ? [] : [["port", { kind: "commandLine" }] as const]),
      ]),
    });
  }
}

const api = { uri: "file:///api", name: "api" };
const web = { uri: "file:///web", name: "web" };

let clock: ManualClock;
let engine: FakeEngine;
let aliases: Aliases;
let settings: FakeSettings;
let stack: SshStack;

beforeEach(() => {
  clock = new ManualClock();
  engine = new FakeEngine(clock);
  aliases = new Aliases();
  settings = new FakeSettings();
  stack = createSshStack({
    ...{ clock, engine, settings, resolver: aliases, logger: new RecordingLogger() },
    authPrompter: noPrompts,
    hostKeyPrompter: noPrompts,
    secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
    localAddresses: () => "",
    environment: { LANG: "de_DE.UTF-8", EDITOR: "vi" },
  });
});

async function open(host: string) {
  const session = await stack.service.open({ host, ...shell });
  await settle();
  return session;
}

function master(): MasterSnapshot {
  const [found, ...others] = stack.service.masters();
  expect(others).toEqual([]);
  if (found === undefined) {
    throw new Error("there is no master");
  }
  return found;
}

const interval = (): number => master().keepalive.serverAliveInterval;

describe("aliases of one destination", () => {
  it("share the connection, with the strictest keepalive of those that have a session", async () => {
    settings.hosts = [
      { pattern: "slow", serverAliveInterval: 60, linger: 5 },
      { pattern: "fast", serverAliveInterval: 10, linger: 50 },
    ];
    await open("slow");
    expect(interval()).toBe(60);
    const fast = await open("fast");
    expect(interval()).toBe(10);
    expect(
      master().uses.map(({ spec, keepalive, linger }) => [
        spec,
        keepalive.serverAliveInterval,
        linger.seconds,
      ]),
    ).toEqual([
      ["slow", 60, 5],
      ["fast", 10, 50],
    ]);
    fast.kill();
    await clock.advance(1000);
    expect([interval(), master().linger?.seconds]).toEqual([60, 5]);
  });

  it("linger by the policy of the last one", async () => {
    settings.hosts = [
      { pattern: "short", linger: 5 },
      { pattern: "long", linger: 50 },
    ];
    const [short, long] = [await open("short"), await open("long")];
    long.kill();
    await clock.advance(1000);
    short.kill();
    await clock.advance(4000);
    expect(stack.service.masters()).toHaveLength(1);
    await clock.advance(3000);
    expect(stack.service.masters()).toEqual([]);
  });

  it("keep values of a session: environment, limits", async () => {
    aliases.values = {
      one: { sendEnv: ["LANG"], setEnv: { A: "1" } },
      two: { sendEnv: ["EDITOR"], setEnv: { A: "2" }, channelTimeouts: [{ pattern: "session", seconds: 9 }] },
    };
    settings.hosts = [{ pattern: "one", timeLimit: 300 }];
    const [one, two] = [await open("one"), await open("two")];
    expect(engine.connection().channels.map(({ spec }) => spec.env)).toEqual([
      { LANG: "de_DE.UTF-8", A: "1" },
      { EDITOR: "vi", A: "2" },
    ]);
    const limits = (session: typeof one) =>
      session.snapshot().limits.map(({ kind, seconds }) => [kind, seconds]);
    expect([limits(one), limits(two)]).toEqual([[["time", 300]], [["channel-timeout", 9]]]);
  });

  it("keep their typed hosts: the row leads to the same destination again", async () => {
    await open("me@build1:2222");
    const { alias, spec, destination, sessions } = master();
    expect([alias, spec, sessions[0]?.alias, sessions[0]?.spec]).toEqual([
      "build1",
      "me@build1:2222",
      "build1",
      "me@build1:2222",
    ]);
    const again = await aliases.resolve(spec);
    expect([again.user, again.port]).toEqual([destination.user, destination.port]);
    await stack.service.open({ host: spec, ...shell });
    expect(master().sessions).toHaveLength(2);
  });

  it("have their policies read again together", async () => {
    await open("one");
    await open("two");
    aliases.values = { two: { serverAliveInterval: 7 } };
    aliases.changed.fire();
    await settle();
    expect(interval()).toBe(7);
  });
});

describe("a window with several folders", () => {
  beforeEach(() => {
    settings.folders = {
      [api.uri]: { timeLimit: 600, serverAliveInterval: 20 },
      [web.uri]: { timeLimit: 60, serverAliveInterval: 5 },
    };
    settings.folder = api;
  });

  it("a session keeps the folder that is current when it is opened", async () => {
    const session = await open("host");
    expect(session.snapshot()).toMatchObject({ folder: "api", limits: [{ kind: "time", seconds: 600 }] });
    const before = master();
    settings.folder = web;
    settings.changed.fire();
    await settle();
    expect(master()).toEqual(before);
    expect(interval()).toBe(20);
  });

  it("a connection has the strictest keepalive of its sessions' folders, with its source", async () => {
    await open("host");
    settings.folder = web;
    const second = await open("host");
    expect(interval()).toBe(5);
    expect(master().keepalive.sources.serverAliveInterval).toMatchObject({
      layer: "workspaceFolder",
      folder: "web",
    });
    second.kill();
    await clock.advance(1000);
    expect(interval()).toBe(20);
  });

  it("a session that continues in its terminal keeps its folder", async () => {
    settings.folder = web;
    const session = await stack.service.open({ host: "host", ...shell, folder: api });
    expect(session.snapshot().folder).toBe("api");
  });
});

describe("ssh_config's ChannelTimeout, enforced", () => {
  it.each([
    ["session", true],
    ["session:shell", true],
    ["session:command", false],
    ["*", true],
    ["direct-tcpip", false],
  ])("%s ends an idle shell: %s", async (pattern, ends) => {
    aliases.values = { host: { channelTimeouts: [{ pattern, seconds: 60 }] } };
    const session = await open("host");
    await clock.advance(59_000);
    expect(session.state.kind).toBe("open");
    await clock.advance(2_000);
    expect(session.state.kind).toBe(ends ? "ending" : "open");
  });

  it("global counts the silence of all sessions of the connection together", async () => {
    aliases.values = { host: { channelTimeouts: [{ pattern: "global", seconds: 60 }] } };
    const [idle, busy] = [await open("host"), await open("host")];
    for (let minute = 0; minute < 5; minute++) {
      await clock.advance(50_000);
      busy.write(Buffer.from("x"));
    }
    expect([idle.state.kind, busy.state.kind]).toEqual(["open", "open"]);
    await clock.advance(61_000);
    expect([idle.state.kind, busy.state.kind]).toEqual(["ending", "ending"]);
  });
});

describe("data on another connection", () => {
  it("does not postpone the end of an idle connection's sessions", async () => {
    aliases.values = { host: { channelTimeouts: [{ pattern: "global", seconds: 60 }] } };
    const [idle, elsewhere] = [await open("host"), await open("host:2222")];
    for (let count = 0; count < 2; count++) {
      await clock.advance(31_000);
      elsewhere.write(Buffer.from("x"));
    }
    expect([idle.state.kind, elsewhere.state.kind]).toEqual(["ending", "open"]);
  });
});

describe("the values that the stack passes to a connection", () => {
  const unknown = ed25519Blob(7);
  const asked = (): Promise<boolean> => {
    questions++;
    return Promise.resolve(true);
  };
  let questions: number;
  let trusting: SshStack;
  beforeEach(() => {
    questions = 0;
    trusting = createSshStack({
      ...{ clock, engine, settings, resolver: aliases, logger: new RecordingLogger() },
      authPrompter: noPrompts,
      hostKeyPrompter: { confirmUnknown: asked },
      secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
      localAddresses: () => "",
    });
    aliases.values = { host: { strictHostKeyChecking: "ask", userKnownHostsFiles: ["/dev/null"] } };
  });

  it.each([
    ["unattended", 0, false],
    ["attended", 1, true],
  ] as const)("an %s login asks %d questions about an unknown host key", async (login, count, accepted) => {
    await trusting.service.open({ host: "host", ...shell, login });
    const verifier = engine.requests.at(-1)?.verifier;
    const verdict = await verifier?.verify(unknown, "192.0.2.1", new AbortController().signal).then(
      () => true,
      () => false,
    );
    expect([questions, verdict]).toEqual([count, accepted]);
  });

  it("runs no ProxyCommand in an untrusted workspace, and makes no connection", async () => {
    aliases.values = { host: { proxyCommand: "touch /must-not-run" } };
    settings.isTrusted = false;
    await expect(trusting.service.open({ host: "host", ...shell })).rejects.toMatchObject({
      reason: "not-allowed",
    });
    expect(engine.requests).toEqual([]);
  });
});
