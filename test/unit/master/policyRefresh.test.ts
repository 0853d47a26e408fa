import { beforeEach, describe, expect, it } from "vitest";
import { Emitter } from "../../../src/base/emitter.ts";
import { ConfigError } from "../../../src/config/configErrors.ts";
import type { HostResolver } from "../../../src/config/configPorts.ts";
import type { HostConfig, ValueSource } from "../../../src/config/hostConfig.ts";
import type { MasterSnapshot } from "../../../src/session/masterSnapshotTypes.ts";
import { createSshStack, type SshStack } from "../../../src/sshStack.ts";
import { FakeSettings } from "../../support/configFixtures.ts";
import { FakeEngine } from "../../support/fakeEngine.ts";
import { shell } from "../../support/fakeStack.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ManualClock, settle } from "../../support/manualClock.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";
import { noPrompts } from "../../support/testStack.ts";

/** An ssh_config that tests edit. */
class EditedConfig implements HostResolver {
  readonly edited = new Emitter<void>();
  readonly onDidChange = this.edited.event;
  readonly asked: string[] = [];
  values: Partial<HostConfig> = {};
  failure: Error | undefined;
  /** While set, replies wait for `release`; their content was read at the request. */
  hold = false;
  readonly #waiting: (() => void)[] = [];

  async hosts() {
    return { hosts: [], problems: [] };
  }

  async resolve(host: string): Promise<HostConfig> {
    this.asked.push(host);
    const { values, failure } = this;
    if (this.hold) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (failure !== undefined) {
      throw failure;
    }
    const [, user, alias = ""] = /^(?:(.*)@)?(.*)$/.exec(host) ?? [];
    const sources = new Map<string, ValueSource>(values.sources);
    if (user !== undefined) {
      sources.set("user", { kind: "commandLine" });
    }
    return testHostConfig({
      alias,
      hostName: `${alias}.example.org`,
      ...values,
      ...(user && { user }),
      sources,
    });
  }

  edit(values: Partial<HostConfig>): void {
    this.values = values;
    this.edited.fire();
  }

  /** The first pending request gets its reply. */
  release(): void {
    this.#waiting.shift()?.();
  }
}

describe("a changed ssh_config and open connections", () => {
  let clock: ManualClock;
  let engine: FakeEngine;
  let config: EditedConfig;
  let settings: FakeSettings;
  let logger: RecordingLogger;
  let stack: SshStack;

  beforeEach(() => {
    clock = new ManualClock();
    engine = new FakeEngine(clock);
    config = new EditedConfig();
    settings = new FakeSettings();
    logger = new RecordingLogger();
    stack = createSshStack({
      ...{ clock, engine, settings, logger, resolver: config },
      authPrompter: noPrompts,
      hostKeyPrompter: noPrompts,
      secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
      localAddresses: () => "",
    });
  });

  async function open(host: string): Promise<void> {
    await stack.service.open({ host, ...shell });
    await settle();
    config.asked.length = 0;
  }

  function master(index = 0): MasterSnapshot {
    const found = stack.service.masters()[index];
    if (found === undefined) {
      throw new Error(`there is no master ${index}`);
    }
    return found;
  }

  function interval(index?: number): number {
    return master(index).keepalive.serverAliveInterval;
  }

  it("applies its keepalive and linger with their lines, and changes nothing else", async () => {
    await open("web");
    const before = master();
    const lineOf = (line: number) => ({ kind: "sshConfig", file: "/c", line }) as const;
    config.edit({
      hostName: "elsewhere.example.org",
      serverAliveInterval: 5,
      serverAliveCountMax: 1,
      tcpKeepAlive: false,
      controlPersist: 60,
      sources: new Map([
        ["serveraliveinterval", lineOf(2)],
        ["serveralivecountmax", lineOf(3)],
        ["tcpkeepalive", lineOf(4)],
        ["controlpersist", lineOf(5)],
      ]),
    });
    await settle();
    const keepalive = {
      serverAliveInterval: 5,
      serverAliveCountMax: 1,
      tcpKeepAlive: false,
      sources: { serverAliveInterval: lineOf(2), serverAliveCountMax: lineOf(3), tcpKeepAlive: lineOf(4) },
    };
    const linger = { seconds: 60, source: lineOf(5) };
    expect(master()).toEqual({
      ...before,
      keepalive,
      linger,
      uses: [{ spec: "web", folder: undefined, keepalive, linger }],
    });
    expect(engine.connection().tcpKeepAlive).toBe(false);
    engine.connection().answers = false;
    await clock.advance(11_000);
    expect(master().state).toMatchObject({ kind: "lost", reason: "unresponsive" });
  });

  it("shortens a running linger", async () => {
    await open("web");
    engine.connection().channels[0]?.end({ code: 0 });
    await clock.advance(50_000);
    config.edit({ controlPersist: 60 });
    await clock.advance(9_000);
    expect(master().state.kind).toBe("lingering");
    await clock.advance(2_000);
    expect(stack.service.masters()).toEqual([]);
  });

  it("is resolved once per typed host, and not for ended connections", async () => {
    await open("web");
    engine.connection(0).end({ reason: "lost" });
    engine.maxSessions = 1;
    for (const host of ["db", "bob@db", "bob@db"]) {
      await open(host);
    }
    expect(stack.service.masters().map(({ state, overflow }) => [state.kind, overflow])).toEqual([
      ["lost", false],
      ["ready", false],
      ["ready", false],
      ["ready", true],
    ]);
    config.edit({ serverAliveInterval: 5 });
    await settle();
    expect(config.asked).toEqual(["db", "bob@db"]);
    expect([1, 2, 3].map(interval)).toEqual([5, 5, 5]);
  });

  it("is overridden by the workspace, and applies again without it", async () => {
    await open("web");
    settings.layers = { workspace: { serverAliveInterval: 9 } };
    config.edit({ serverAliveInterval: 5 });
    await settle();
    expect(interval()).toBe(9);
    config.failure = new ConfigError("malformed", "it can't be read now");
    settings.layers = {};
    settings.changed.fire();
    // Known values apply before anything is read.
    expect(interval()).toBe(5);
    await settle();
    expect(interval()).toBe(5);
  });

  it("changes nothing while it can't be read, which is only logged", async () => {
    await open("web");
    config.edit({ serverAliveInterval: 5 });
    await settle();
    config.failure = new ConfigError("malformed", "line 2: missing argument");
    config.edit({});
    await settle();
    expect(interval()).toBe(5);
    expect(logger.complaints).toEqual([
      "warn: web: keepalive and linger stay as they are: line 2: missing argument",
    ]);
    config.failure = undefined;
    config.edit({ serverAliveInterval: 6 });
    await settle();
    expect(interval()).toBe(6);
    expect(logger.complaints).toHaveLength(1);
  });

  it("is read one host at a time, and an earlier edit is not applied after a later one", async () => {
    await open("web");
    await open("db");
    config.hold = true;
    config.edit({ serverAliveInterval: 1 });
    await settle();
    config.edit({ serverAliveInterval: 2 });
    config.edit({ serverAliveInterval: 3 });
    await settle();
    expect(config.asked).toEqual(["web"]);
    const seen = new Set<number>();
    stack.service.onDidChange(() => seen.add(interval()));
    for (const asked of [
      ["web", "web"],
      ["web", "web", "db"],
      ["web", "web", "db"],
    ]) {
      config.release();
      await settle();
      expect(config.asked).toEqual(asked);
    }
    expect([interval(0), interval(1)]).toEqual([3, 3]);
    expect([...seen]).not.toContain(1);
  });

  it("is ignored for a connection that ended while it was read", async () => {
    await open("web");
    config.hold = true;
    config.edit({ serverAliveInterval: 5 });
    await settle();
    const { id } = master();
    engine.connection().end({ reason: "lost" });
    await settle();
    const lost = master();
    config.release();
    await settle();
    expect(master()).toEqual(lost);
    stack.service.kill(id);
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("applies to a connection that was requested before the change and opened after it", async () => {
    await open("web");
    config.hold = true;
    const opening = stack.service.open({ host: "db", ...shell });
    config.edit({ serverAliveInterval: 5 });
    await settle();
    config.release();
    await opening;
    expect(interval(1)).toBe(30);
    config.release();
    await settle();
    config.release();
    await settle();
    expect([interval(0), interval(1)]).toEqual([5, 5]);
  });
});
