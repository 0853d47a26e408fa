import { describe, expect, it } from "vitest";
import { age, countdown, shortDuration, timeLeft } from "../../../src/text/durations.ts";
import { destinationText, roundTrip, sparkline, usualRoundTrip } from "../../../src/text/humanText.ts";
import { reconnectNowTold } from "../../../src/text/reconnectNowText.ts";
import { freeTitle } from "../../../src/text/terminalTitle.ts";
import { expandHome, shortPath, valueSourceText } from "../../../src/text/valueSourceText.ts";
import { hostGroups } from "../../../src/vscode/prompts/hostPickItems.ts";
import {
  hostDescription,
  lifeByHost,
  presentHost,
  presentTypedHost,
} from "../../../src/vscode/views/hostPresentation.ts";
import { statusBarText } from "../../../src/vscode/views/statusBarText.ts";
import { masterSnapshot, sessionSnapshot, start } from "../vscode/views/snapshots.ts";

const home = "/home/a";

describe("formatted numbers", () => {
  it.each([
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [86_400_000, "1 day"],
    [100_000_000, "1 day 3 h"],
  ])("formats %d ms as %s", (milliseconds, text) => expect(shortDuration(milliseconds)).toBe(text));

  it.each([
    [-1, "0:00"],
    [1, "0:01"],
    [61_000, "1:01"],
    [3_600_000, "1:00:00"],
  ])("counts %d ms down as %s", (milliseconds, text) => expect(countdown(milliseconds)).toBe(text));

  it.each([
    [0, "0:00"],
    [60_000, "1:00"],
    [60_001, "1 min 30 s"],
    [150_000, "2 min 30 s"],
    [150_001, "3 min"],
    [600_000, "10 min"],
    [600_001, "11 min"],
    [3_600_001, "1 h 1 min"],
  ])("shows %d ms left as: %s", (milliseconds, text) => expect(timeLeft(milliseconds)).toBe(text));

  it.each([
    [59_999, undefined],
    [60_000, "1 min"],
    [7_559_000, "2 h 5 min"],
  ])("formats an age of %d ms, or minutes: %s", (milliseconds, text) => expect(age(milliseconds)).toBe(text));

  it.each([
    [[], undefined],
    [[0.4, 0.6], "< 1 ms"],
    [[12.4, 3000, 11], "12 ms"],
  ])("of the round trips %j, %s is usual", (milliseconds, text) =>
    expect(usualRoundTrip(milliseconds)).toBe(text),
  );

  it.each([
    [0.42, "0.4 ms"],
    [12.4, "12 ms"],
    [1500, "1.5 s"],
  ])("formats a round trip of %d ms as %s", (milliseconds, text) =>
    expect(roundTrip(milliseconds)).toBe(text),
  );

  it("draws a history between its smallest and its largest value, also if all are the same", () => {
    expect(sparkline([1, 8, 4])).toBe("▁█▄");
    expect(sparkline([5, 5])).toBe("▁▁");
    expect(sparkline([9, 1, 2], 2)).toBe("▁█");
  });

  it("puts an IPv6 address in brackets only if a port follows", () => {
    expect(destinationText({ user: "a", hostName: "::1", port: 22 })).toBe("a@::1");
    expect(destinationText({ user: "a", hostName: "::1", port: 2222 })).toBe("a@[::1]:2222");
  });
});

describe("the source of a value", () => {
  it("names the layer, the pattern, or the line", () => {
    expect(valueSourceText({ kind: "setting", setting: "x", layer: "user" }, home)).toBe("user setting");
    expect(valueSourceText({ kind: "hostSetting", pattern: "web*" }, home)).toBe('sshSessions.hosts "web*"');
    expect(valueSourceText({ kind: "sshConfig", file: `${home}/.ssh/config`, line: 3 }, home)).toBe(
      "~/.ssh/config line 3",
    );
    expect(valueSourceText({ kind: "sshConfig" }, home)).toBe("ssh_config");
  });

  it("shortens only paths that are really in the home folder", () => {
    expect(shortPath("/home/alice/x", "/home/a")).toBe("/home/alice/x");
    expect(shortPath("C:\\Users\\a\\.ssh", "C:\\Users\\a")).toBe("~\\.ssh");
    expect(expandHome("~/x", home)).toBe("/home/a/x");
    expect(expandHome("~alice/x", home)).toBe("~alice/x");
  });
});

describe("hosts", () => {
  const entry = { alias: "web1", source: "sshConfig", file: `${home}/.ssh/config`, line: 3 } as const;

  it("shows the values in the block, and no others", () => {
    expect(hostDescription(entry)).toBe("");
    expect(hostDescription({ ...entry, user: "alice" })).toBe("alice@web1");
    expect(hostDescription({ ...entry, hostName: "web1.example.com" })).toBe("web1.example.com");
    expect(hostDescription({ ...entry, hostName: "::1", user: "alice", port: 2222 })).toBe(
      "alice@[::1]:2222",
    );
  });

  it("distinguishes a typed host from a listed one of the same name", () => {
    const life = lifeByHost([
      masterSnapshot({
        alias: "web1",
        spec: "me@web1:2222",
        sessions: [sessionSnapshot({ alias: "web1", spec: "me@web1:2222" })],
      }),
    ]);
    expect([...life.keys()]).toEqual(["me@web1:2222"]);
    const shown = presentTypedHost("me@web1:2222", life.get("me@web1:2222"));
    expect([shown.label, shown.description, shown.contextValue]).toEqual([
      "me@web1:2222",
      "1 session",
      "host typed live",
    ]);
    expect(presentTypedHost("me@web1:2222").contextValue).toBe("host typed");
  });

  it("marks live hosts by each alias, also if two share a connection", () => {
    const life = lifeByHost([
      masterSnapshot({ sessions: [sessionSnapshot(), sessionSnapshot({ id: "s2", spec: "www" })] }),
      masterSnapshot({
        id: "m2",
        spec: "old",
        state: { kind: "lost", since: start, reason: "unresponsive" },
      }),
    ]);
    expect([...life]).toEqual([
      ["web1", { masterIds: ["m1"], sessions: 1 }],
      ["www", { masterIds: ["m1"], sessions: 1 }],
    ]);
    const shown = presentHost({ ...entry, hostName: "10.0.0.5" }, { masterIds: ["m1"], sessions: 2 }, home);
    expect(shown.description).toMatch(/^2 sessions · .*10\.0\.0\.5/);
    expect(presentHost(entry, life.get("web1"), home).contextValue).toBe("host live file");
    expect(presentHost({ alias: "b", source: "setting" }, undefined, home).contextValue).toBe("host");
  });

  it.each([
    [{ kind: "connecting", since: start, phase: "hostKey" }, "connecting", "loading~spin"],
    [
      { kind: "connecting", since: start, phase: "hostKey", wait: { on: "person" } },
      "waiting for your answer",
      "question",
    ],
    [{ kind: "hung", since: start, silentSince: start }, "hung, 1 session", "error"],
    [
      { kind: "suspect", since: start, unanswered: 1, countMax: 3, deadAt: start },
      "no reply, 1 session",
      "warning",
    ],
    [
      { kind: "reconnecting", since: start, reason: "unresponsive", attempting: false, until: undefined },
      "reconnecting",
      "sync",
    ],
    [{ kind: "ready", since: start }, "1 session", "vm-active"],
  ] as const)("are marked as connected only when they are: %j", (state, text, icon) => {
    const session = sessionSnapshot({
      ...(state.kind === "connecting" && { state: { kind: "opening", since: start } }),
      ...(state.kind === "reconnecting" && {
        state: { kind: "ended", since: start, outcome: { kind: "lost", reason: "unresponsive" } },
      }),
    });
    const life = lifeByHost([masterSnapshot({ state, sessions: [session] })]).get("web1");
    const shown = presentHost(entry, life, home);
    expect([shown.description.split(" · ")[0], shown.icon.id]).toEqual([text, icon]);
  });

  it("with a ready connection beside one that is being made are connected", () => {
    const making = masterSnapshot({ id: "m2", state: { kind: "connecting", since: start, phase: "tcp" } });
    expect(lifeByHost([making, masterSnapshot()]).get("web1")?.trouble).toBeUndefined();
  });

  it("are listed once, preferred before recent before others, including those in no file", () => {
    const entries = ["a", "b", "c"].map((alias) => ({ alias, source: "sshConfig" }) as const);
    const groups = hostGroups(entries, {
      ...{ preferred: ["b"], connected: [], recent: ["me@new", "b", "c"], tried: [] },
    });
    expect(groups.map(({ title, choices }) => [title, choices.map(({ host }) => host)])).toEqual([
      ["profile hosts", ["b"]],
      ["recent", ["me@new", "c"]],
      ["hosts", ["a"]],
    ]);
  });
});

describe("the status bar", () => {
  it("is hidden while there is no connection", () => {
    expect(statusBarText([], start)).toBeUndefined();
    expect(
      statusBarText([masterSnapshot({ state: { kind: "lost", since: start, reason: "killed" } })], start),
    ).toBeUndefined();
  });

  it("shows that a login waits for an answer, and of which host", () => {
    const asking = masterSnapshot({
      state: { kind: "connecting", since: start, phase: "hostKey", wait: { on: "person" } },
    });
    const other = masterSnapshot({ id: "m2", state: { kind: "connecting", since: start, phase: "tcp" } });
    const shown = statusBarText([other, asking], start);
    expect(shown?.text).toMatch(/^\$\(question\) \d$/);
    expect(shown?.tooltip.match(/waiting for your answer/g)).toHaveLength(1);
    expect(statusBarText([other], start)?.text).toMatch(/^\$\(loading~spin\) \d$/);
  });

  it("counts live sessions and warns about a connection that does not respond", () => {
    const suspect = { kind: "suspect", since: start, unanswered: 1, countMax: 3, deadAt: start } as const;
    const shown = statusBarText([masterSnapshot(), masterSnapshot({ id: "m2", state: suspect })], start);
    expect(shown?.text).toBe("$(warning) 2 · web1: no reply");
    expect(shown?.tooltip).toContain("1 session, no reply");
    expect(shown?.warning).toBe(true);
    expect(shown?.accessibleLabel).toBe("2 live SSH sessions on 2 connections, web1: no reply");
    const hung = { kind: "hung", since: start, silentSince: start } as const;
    const two = [masterSnapshot({ state: suspect }), masterSnapshot({ id: "m2", state: hung })];
    expect(statusBarText(two, start)?.text).toBe("$(warning) 2 · 2 connections do not respond");
    expect(statusBarText([masterSnapshot({ spec: "$(x)", state: hung })], start)?.text).toContain(
      "$ (x): hung",
    );
  });
});

describe("the status bar with a lost connection and waiting terminals", () => {
  const lost = (spec: string, next: { readonly attempting: boolean; readonly until: number | undefined }) =>
    masterSnapshot({
      id: `m${spec}`,
      spec,
      state: { kind: "reconnecting", since: start, reason: "unresponsive", ...next },
    });

  it.each([
    [{ attempting: false, until: start + 4200 }, "$(sync) 1 · db1 reconnecting in 5 s", true],
    [{ attempting: true, until: undefined }, "$(sync~spin) 1 · db1 reconnecting…", false],
    [{ attempting: false, until: undefined }, "$(debug-disconnect) 1 · db1 disconnected", false],
  ])("shows the next step: %o", (next, text, counting) => {
    const shown = statusBarText([masterSnapshot(), lost("db1", next)], start);
    expect(shown).toMatchObject({
      text,
      counting,
      warning: true,
      accessibleLabel: "1 live SSH session on 1 connection, reconnecting to db1",
    });
    expect(shown?.tooltip).toContain("db1: reconnecting, 1 terminal waits");
  });

  it("counts down to the next of several, and counts no sessions if none is live", () => {
    const [soon, later] = [5000, 9000].map((left) => ({ attempting: false, until: start + left }));
    const waiting = [soon, later].flatMap((next, index) => (next ? [lost(`h${index}`, next)] : []));
    expect(statusBarText(waiting, start)?.text).toBe("$(sync) 2 reconnecting in 5 s");
    const idle = masterSnapshot({ sessions: [] });
    expect(statusBarText([idle, ...waiting], start)?.text).toBe("$(sync) 2 reconnecting in 5 s");
    expect(statusBarText([idle], start)?.text).toBe("$(vm-active) 0");
  });
});

describe("titles of terminals", () => {
  it("use the first free number", () => {
    expect(freeTitle("web1", new Set())).toBe("web1");
    expect(freeTitle("web1", new Set(["web1", "web1 (3)"]))).toBe("web1 (2)");
    expect(freeTitle("web1", new Set(["web1", "web1 (2)"]))).toBe("web1 (3)");
  });
});

describe("reconnecting now", () => {
  it.each([
    ["reconnecting", undefined],
    ["answers", '"web1" is responding again. Its sessions continue.'],
    ["ended", 'The connection to "web1" has already ended.'],
    ["no-answer", '"web1" did not respond. The connection was closed.'],
  ] as const)("%s: %s", (result, text) => expect(reconnectNowTold(result, "web1")?.text).toBe(text));

  it("makes no link and no icon of a host name", () =>
    expect(reconnectNowTold("ended", "[a](command:b)\u0007")?.text).toContain('"[a] (command:b)\\u{7}"'));
});
