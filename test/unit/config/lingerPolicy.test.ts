import { expect, test } from "vitest";
import type { ValueSource } from "../../../src/config/hostConfig.ts";
import { effectiveLinger } from "../../../src/config/lingerPolicy.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const unset = { seconds: 600, source: { kind: "default" } } as const;
const set = (layer: "user" | "workspace" | "workspaceFolder", seconds: number) =>
  ({ seconds, source: { kind: "setting", setting: "sshSessions.master.linger", layer } }) as const;
const line: ValueSource = { kind: "sshConfig", file: "/c", line: 3 };
const plain = testHostConfig({ alias: "web" });
const persisting = testHostConfig({
  alias: "web",
  controlPersist: 60,
  sources: new Map([["controlpersist", line]]),
});

test("600 seconds where nothing is set", () => {
  expect(effectiveLinger(plain, { hosts: [], linger: unset })).toEqual({
    seconds: 600,
    source: { kind: "default" },
  });
});

test("the entry for the host comes first", () => {
  const hosts = [{ pattern: "w*", linger: 5 }];
  expect(effectiveLinger(persisting, { hosts, linger: set("workspace", 9) })).toEqual({
    seconds: 5,
    source: { kind: "hostSetting", pattern: "w*" },
  });
});

test("a workspace's setting beats ControlPersist, which beats the user's setting", () => {
  expect(effectiveLinger(persisting, { hosts: [], linger: set("workspace", 9) }).seconds).toBe(9);
  expect(effectiveLinger(persisting, { hosts: [], linger: set("workspaceFolder", 9) }).seconds).toBe(9);
  expect(effectiveLinger(persisting, { hosts: [], linger: set("user", 9) })).toEqual({
    seconds: 60,
    source: line,
  });
  expect(effectiveLinger(plain, { hosts: [], linger: set("user", 9) })).toEqual(set("user", 9));
});

test("-1 stays, 0 leaves at once", () => {
  expect(effectiveLinger(plain, { hosts: [], linger: set("user", -1) }).seconds).toBe(
    Number.POSITIVE_INFINITY,
  );
  expect(effectiveLinger(plain, { hosts: [], linger: set("user", 0) }).seconds).toBe(0);
  const stays = testHostConfig({ controlPersist: Number.POSITIVE_INFINITY });
  expect(effectiveLinger(stays, { hosts: [], linger: unset }).seconds).toBe(Number.POSITIVE_INFINITY);
});

test.each([-2, Number.NaN, "5" as unknown as number])("%s counts as not set", (bad) => {
  const hosts = [{ pattern: "*", linger: bad }];
  expect(effectiveLinger(persisting, { hosts, linger: set("workspace", bad) }).source).toEqual(line);
  expect(effectiveLinger(plain, { hosts, linger: set("user", bad) }).source).toEqual({ kind: "default" });
});
