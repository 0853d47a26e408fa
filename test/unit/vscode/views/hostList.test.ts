import { beforeEach, describe, expect, it } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import type { ConfigProblem, HostEntry } from "../../../../src/config/configPorts.ts";
import { hostGroups } from "../../../../src/vscode/views/hostGroups.ts";
import { HostList } from "../../../../src/vscode/views/hostList.ts";
import { RecordingLogger } from "../../../support/recordingLogger.ts";

describe("the hosts of the view", () => {
  let hosts: HostEntry[];
  let problems: ConfigProblem[];
  let failure: Error | undefined;
  let reads: number;
  let held: (() => void)[] | undefined;
  let masters: unknown[];
  let typed: string[];
  let config: Emitter<void>;
  let service: Emitter<void>;
  let logger: RecordingLogger;
  let list: HostList;

  beforeEach(() => {
    hosts = ["web1", "web2", "db1"].map((alias) => ({ alias, source: "sshConfig" }));
    [problems, failure, reads, held, masters, typed] = [[], undefined, 0, undefined, [], []];
    [config, service, logger] = [new Emitter(), new Emitter(), new RecordingLogger()];
    list = new HostList({
      resolver: {
        hosts: async () => {
          reads++;
          const read = { hosts: [...hosts], problems };
          if (held !== undefined) {
            await new Promise<void>((resolve) => held?.push(resolve));
          }
          if (failure !== undefined) {
            throw failure;
          }
          return read;
        },
        onDidChange: config.event,
      } as never,
      service: { masters: () => masters, onDidChange: service.event } as never,
      recent: { typed: () => typed, onDidChange: () => ({ dispose: () => {} }) },
      access: { grants: () => [], onDidChange: () => ({ dispose: () => {} }) },
      groupOf: ({ alias }) => (alias.startsWith("web") ? "Web" : undefined),
      logger,
    });
  });

  it("are read on request, once, and again after a change of the files", async () => {
    config.fire();
    expect(reads).toBe(0);
    await Promise.all([list.ready(), list.ready()]);
    expect(reads).toBe(1);
    hosts = hosts.slice(0, 1);
    let changes = 0;
    list.onDidChange(() => changes++);
    config.fire();
    await list.ready();
    expect([reads, list.hosts().listed.length]).toEqual([2, 1]);
    expect(changes).toBe(1);
  });

  it("a read that began before a change does not serve a later request", async () => {
    await list.ready();
    held = [];
    list.refresh();
    hosts = [];
    list.refresh();
    const ready = list.ready();
    while (held.length < 2) {
      await Promise.resolve();
    }
    held[1]?.();
    held[0]?.();
    held = undefined;
    await ready;
    expect(list.hosts().listed).toEqual([]);
  });

  it("are in their groups, in the order of the files, the others without one", async () => {
    await list.ready();
    const { groups, loose, listed } = list.hosts();
    expect(groups.map((group) => [group.name, group.hosts.map(({ host }) => host)])).toEqual([
      ["Web", ["web1", "web2"]],
    ]);
    expect(loose.map(({ host }) => host)).toEqual(["db1"]);
    expect(listed).toHaveLength(3);
  });

  it("are the same objects, and so are their groups, as long as nothing about them changes", async () => {
    await list.ready();
    const before = list.hosts();
    masters = [{ id: "m1", spec: "db1", state: { kind: "ready" }, sessions: [] }];
    service.fire();
    const after = list.hosts();
    expect(after.groups[0]).toBe(before.groups[0]);
    expect(after.loose[0]).not.toBe(before.loose[0]);
    expect(after.loose[0]?.life.masterIds).toEqual(["m1"]);
    masters = [];
    service.fire();
    expect(list.hosts().loose[0]?.life.masterIds).toEqual([]);
  });

  it("that can't be read leave a problem, and a line in the log", async () => {
    failure = new Error("no such file");
    await list.ready();
    expect(list.problems()).toEqual([{ file: "", message: "no such file" }]);
    expect(list.hosts().listed).toEqual([]);
    expect(logger.lines.some((line) => line.includes("can't be read"))).toBe(true);
  });
});

describe("the group of a host", () => {
  const groupOf = (group: string | undefined, groupsHostsByFile: boolean, configFile = "") =>
    hostGroups(
      { get: () => ({ value: group, source: { kind: "default" } }) } as never,
      { configFile, groupsHostsByFile },
      "/home/a",
    );
  const entry = (file?: string): HostEntry => ({
    ...{ alias: "web1", source: file === undefined ? "setting" : "sshConfig" },
    ...(file === undefined ? {} : { file }),
  });

  it("is that of its settings, before that of its file", () => {
    expect(groupOf(" Build farm ", true)(entry("/home/a/.ssh/config.d/web.conf"))).toBe("Build farm");
    expect(groupOf("Build farm", false)(entry())).toBe("Build farm");
  });

  it("is its included file if the setting is on, never the including file", () => {
    expect(groupOf(undefined, false)(entry("/home/a/.ssh/config.d/web.conf"))).toBeUndefined();
    expect(groupOf(undefined, true)(entry("/home/a/.ssh/config.d/web.conf"))).toBe("web");
    expect(groupOf(undefined, true)(entry("/home/a/.ssh/config.d/db"))).toBe("db");
    expect(groupOf(undefined, true)(entry("/home/a/.ssh/config"))).toBeUndefined();
    expect(groupOf(undefined, true, "~/own/ssh_config")(entry("/home/a/own/ssh_config"))).toBeUndefined();
    expect(groupOf(undefined, true)(entry())).toBeUndefined();
  });
});
