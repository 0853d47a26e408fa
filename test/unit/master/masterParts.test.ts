import { describe, expect, it } from "vitest";
import { AuthError } from "../../../src/auth/authErrors.ts";
import type { LoginWait } from "../../../src/engine/connectionEngine.ts";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import { jumpFailure } from "../../../src/master/jumpFailure.ts";
import { LoginFeed } from "../../../src/master/loginFeed.ts";
import type { LoginNews, MasterState } from "../../../src/master/masterTypes.ts";
import { MasterUses } from "../../../src/master/masterUses.ts";
import { couldBeAsked } from "../../../src/master/unattended.ts";
import { HostKeyError } from "../../../src/trust/hostKeyErrors.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const use = (changes = {}) => ({ config: testHostConfig(changes), folder: undefined });

describe("the messages of a login", () => {
  const words = (text: string): LoginNews => ({
    ...{ kind: "words", alias: "web1", words: { source: "banner", text } },
  });
  const wait: LoginWait = { on: "server", judging: "key" };
  const connecting: MasterState = { kind: "connecting", since: 0, phase: "authentication" };

  it("a late listener gets the server's messages and the current wait", () => {
    const feed = new LoginFeed();
    const early: LoginNews[] = [];
    feed.watch((news) => early.push(news), "web1", connecting);
    feed.report(words("Welcome"));
    feed.report({ kind: "wait", alias: "web1", wait });
    const late: LoginNews[] = [];
    const state: MasterState = { kind: "connecting", since: 0, phase: "authentication", wait };
    const watching = feed.watch((news) => late.push(news), "web1", state);
    const all = [words("Welcome"), { kind: "wait", alias: "web1", wait }];
    expect([early, late]).toEqual([all, all]);
    watching.dispose();
    feed.report(words("more"));
    expect([early.length, late.length]).toEqual([3, 2]);
  });

  it("without a wait none is reported", () => {
    const ready: MasterState = { kind: "ready", since: 0 };
    for (const state of [connecting, Object.assign({ wait }, ready)]) {
      const seen: LoginNews[] = [];
      new LoginFeed().watch((news) => seen.push(news), "web1", state);
      expect(seen).toEqual([]);
    }
  });

  it("are discarded when the login is over, and none follows the end", () => {
    const feed = new LoginFeed();
    feed.report(words("Welcome"));
    feed.forget();
    const seen: LoginNews[] = [];
    feed.watch((news) => seen.push(news), "web1", connecting);
    feed.dispose();
    feed.report(words("more"));
    expect(seen).toEqual([]);
  });
});

describe("the users of a connection", () => {
  it("are counted: a host that two sessions share is removed with the second, and the last host stays", () => {
    const [one, two] = [use(), use({ alias: "www", serverAliveInterval: 5 })];
    const uses = new MasterUses(one);
    expect(uses.specs).toEqual(["web1"]);
    expect([uses.add(one), uses.add(one), uses.add(two)]).toEqual([false, false, true]);
    expect(uses.specs).toEqual(["web1", "www"]);
    expect([uses.remove(one), uses.specs]).toEqual([false, ["web1", "www"]]);
    expect([uses.remove(one), uses.specs]).toEqual([true, ["www"]]);
    expect([uses.remove(one), uses.specs]).toEqual([false, ["www"]]);
    expect([uses.remove(two), uses.specs]).toEqual([false, ["www"]]);
    expect(uses.add(one)).toBe(true);
    expect(uses.specs).toEqual(["web1"]);
  });

  it("contribute the warnings of their ssh_config, each once", () => {
    const [warning, other] = [3, 4].map((line) => ({ kind: "match-exec", file: "/config", line }));
    const uses = new MasterUses(use());
    uses.add(use({ warnings: [warning] }));
    uses.add(use({ alias: "www", warnings: [warning, other] }));
    expect(uses.warnings).toEqual([warning, other]);
  });
});

describe("a failure of an unattended login", () => {
  const auth = new AuthError("nothing-to-try", "no", { tried: [], methodsLeft: [] });
  const hostKey = new HostKeyError("unknown", "no", { host: "h", keyType: "t", fingerprint: "f" });
  const jump = (cause: unknown) => jumpFailure(testHostConfig(), "channel", cause);

  it.each([
    ["a login without anything to try", auth, true],
    ["an unknown host key", hostKey, true],
    ["the same at a jump host", jump(auth), true],
    ["the same at a jump host's jump host", jump(jump(hostKey)), true],
    ["a jump host that can't be connected to", jump(new ConnectError("refused", "no")), false],
    ["a host that can't be connected to", new ConnectError("refused", "no", { cause: auth }), false],
    ["any other error", new Error("no"), false],
  ])("%s: whether the user could have helped", (_name, error, helped) => {
    expect(couldBeAsked(error)).toBe(helped);
  });
});

describe("the failure of a jump host", () => {
  it("names the last jump host and its target", () => {
    const config = testHostConfig({
      ...{ hostName: "2001:db8::1", port: 2222 },
      proxyJump: [{ alias: "first" }, { alias: "second" }],
    });
    const failure = jumpFailure(config, "channel");
    expect(failure.jump).toEqual({ host: "second", target: "[2001:db8::1]:2222", step: "channel" });
    expect([failure.reason, failure.cause]).toEqual(["jump-failed", undefined]);
    const cause = new Error("why");
    expect(jumpFailure(testHostConfig({ alias: "web1" }), "channel", cause)).toMatchObject({
      ...{ cause, jump: { host: "web1", target: "server.example.org:22" } },
    });
  });
});
