import { describe, expect, it } from "vitest";
import { AuthError } from "../../../../src/auth/authErrors.ts";
import { ConnectError } from "../../../../src/engine/engineErrors.ts";
import type { MasterState } from "../../../../src/master/masterTypes.ts";
import { canReconnect } from "../../../../src/vscode/views/connectionConditions.ts";
import { masterStateText, presentMaster } from "../../../../src/vscode/views/connectionPresentation.ts";
import { presentSession } from "../../../../src/vscode/views/sessionPresentation.ts";
import { masterSnapshot, sessionSnapshot, start } from "./snapshots.ts";

const home = "/home/a";
const later = start + 185_000;

/** The successive texts over this many seconds, without repetitions. */
function readings(seconds: number, read: (now: number) => string): string[] {
  const texts = Array.from({ length: seconds }, (_, second) => read(start + second * 1000));
  return texts.filter((text, index) => text !== texts[index - 1]);
}

describe("a master in the tree", () => {
  it("shows its user, the round trip and its age", () => {
    const shown = presentMaster(masterSnapshot(), later, home);
    expect(shown.label).toBe("web1");
    expect(shown.description).toBe("alice@10.0.0.5 · 12 ms · 3 min");
    expect(shown.contextValue).toBe("master live");
  });

  it.each<[MasterState, string, string, string]>([
    [
      { kind: "connecting", since: start, phase: "authentication" },
      "connecting: authentication",
      "loading~spin",
      "master live",
    ],
    [
      {
        ...{ kind: "connecting", since: start, phase: "authentication" },
        wait: { on: "server", judging: "password" },
      },
      "connecting: the server checks the password",
      "loading~spin",
      "master live",
    ],
    [
      { kind: "connecting", since: start, phase: "tcp", wait: { on: "person" } },
      "waiting for your answer",
      "question",
      "master live",
    ],
    [
      { kind: "lingering", since: start, until: later + 65_000 },
      "idle, 1 min 30 s left",
      "vm-outline",
      "master live",
    ],
    [{ kind: "lingering", since: start, until: undefined }, "idle, stays open", "vm-outline", "master live"],
    [
      { kind: "suspect", since: start, unanswered: 2, countMax: 3, deadAt: later + 9_500 },
      "closing in 0:10, no reply (2 of 3)",
      "warning",
      "master live silent",
    ],
    [
      { kind: "hung", since: start, silentSince: later - 50_000 },
      "hung, silent 50 s",
      "error",
      "master live silent",
    ],
    [
      { kind: "lost", since: start, reason: "unresponsive" },
      "the server stopped responding",
      "debug-disconnect",
      "master ended",
    ],
    [
      { kind: "closed", since: start, reason: "linger-over" },
      "unused for the linger time",
      "circle-slash",
      "master ended",
    ],
  ])("shows %o as: %s", (state, text, icon, contextValue) => {
    const shown = presentMaster(masterSnapshot({ state }), later, home);
    expect(shown.description).toBe(`${text} · alice@10.0.0.5`);
    expect(shown.icon.id).toBe(icon);
    expect(shown.contextValue).toBe(contextValue);
  });

  it.each([
    [{ attempting: false, until: later + 4200 }, "reconnecting in 5 s", "sync"],
    [{ attempting: true, until: undefined }, "reconnecting…", "sync~spin"],
    [{ attempting: false, until: undefined }, "disconnected, reconnect manually", "debug-disconnect"],
  ])("shows when it reconnects: %o", (next, text, icon) => {
    const error = new ConnectError("refused", "nobody *listens*");
    const state = { kind: "reconnecting", since: start, reason: "unresponsive", error, ...next } as const;
    const lost = { kind: "lost", reason: "unresponsive" } as const;
    const waiting = sessionSnapshot({ state: { kind: "ended", since: start, outcome: lost } });
    const master = masterSnapshot({ state, sessions: [waiting, waiting] });
    const shown = presentMaster(master, later, home);
    expect(shown.description).toBe(`${text} · alice@10.0.0.5`);
    expect(shown.icon.id).toBe(icon);
    expect(shown.contextValue).toBe("master reconnecting");
    expect(shown.accessibleLabel).toBe(`web1, ${text}, 2 terminals wait, alice@10.0.0.5`);
    expect(shown.hover).toMatch(
      /\| State \| (?!.* for ).* \|\n\| Lost \| the server stopped responding, .* ago \|/,
    );
    expect(shown.hover).toMatch(/\| Last attempt \| .*refused.* \|/);
    expect(presentSession(waiting, master, later, home)).toMatchObject({
      description: "waits",
      contextValue: "session terminal",
    });
  });

  it("shows in its row, its hover and to screen readers that other extensions may use the host", () => {
    const [shut, open] = [false, true].map((shared) => presentMaster(masterSnapshot(), later, home, shared));
    expect(open?.description).toBe(`${shut?.description} · open to extensions`);
    expect(open?.hover).toContain("| Extensions | may log in and run commands");
    expect(open?.accessibleLabel).toBe(`${shut?.accessibleLabel}, open to extensions`);
    expect(shut?.hover).not.toContain("Extensions");
  });

  it("tells a screen reader who holds it, as its row does", () => {
    const shown = presentMaster(
      masterSnapshot({ heldBy: { pid: 1, name: "x", isKeeper: true } }),
      later,
      home,
    );
    expect(shown.description).toContain("held by the keeper");
    expect(shown.accessibleLabel).toMatch(/, held by the keeper$/);
  });

  it("offers a reconnect if it does not respond and has sessions", () => {
    const silent: readonly MasterState[] = [
      { kind: "suspect", since: start, unanswered: 2, countMax: 3, deadAt: later },
      { kind: "hung", since: start, silentSince: start },
    ];
    for (const state of silent) {
      expect(presentMaster(masterSnapshot({ state }), later, home).contextValue).toBe("master live silent");
      expect(canReconnect(masterSnapshot({ state, sessions: [] }))).toBe(false);
    }
    expect(canReconnect(masterSnapshot())).toBe(false);
  });

  it.each<[MasterState, RegExp]>([
    [{ kind: "lingering", since: start, until: later + 5_400_000 }, /^idle, 1 h 30 min/],
    [
      { kind: "suspect", since: start, unanswered: 2, countMax: 3, deadAt: later + 9_500 },
      /^closing in 0:10/,
    ],
    [{ kind: "hung", since: start, silentSince: later - 3_000_000 }, /^hung, silent 50 min/],
  ])("has the state and what is left of it where a narrow side bar shows it: %o", (state, wanted) => {
    for (const overflow of [false, true]) {
      const { description } = presentMaster(masterSnapshot({ state, overflow }), later, home);
      expect(description.slice(0, 20)).toMatch(wanted);
    }
  });

  it("reads the same for its first minute, and then changes at most once a minute", () => {
    const texts = readings(150, (now) => presentMaster(masterSnapshot(), now, home).description);
    expect(texts).toEqual([
      "alice@10.0.0.5 · 12 ms",
      "alice@10.0.0.5 · 12 ms · 1 min",
      "alice@10.0.0.5 · 12 ms · 2 min",
    ]);
  });

  it("is not redrawn for an unusual round trip", () => {
    const usual = { roundTripMs: 12, roundTrips: [11.8, 12.2, 12] };
    const slow = { roundTripMs: 80, roundTrips: [11.8, 12.2, 12, 80] };
    const texts = [usual, slow].map((over) => presentMaster(masterSnapshot(over), later, home).description);
    expect(texts[0]).toBe(texts[1]);
    expect(presentMaster(masterSnapshot(slow), later, home).hover).toContain("80 ms");
  });

  it("counts the linger time down in half minutes, and in seconds in the last one", () => {
    const state = { kind: "lingering", since: start, until: start + 180_000 } as const;
    const texts = readings(180, (now) => presentMaster(masterSnapshot({ state }), now, home).description);
    expect(texts.slice(0, 6).map((text) => text.split(" · ")[0])).toEqual([
      "idle, 3 min left",
      "idle, 2 min 30 s left",
      "idle, 2 min left",
      "idle, 1 min 30 s left",
      "idle, 1:00 left",
      "idle, 0:59 left",
    ]);
  });

  it("counts each second of a server that may be dead", () => {
    const state = {
      kind: "suspect",
      since: start,
      unanswered: 1,
      countMax: 3,
      deadAt: start + 600_000,
    } as const;
    expect(
      readings(10, (now) => presentMaster(masterSnapshot({ state }), now, home).description),
    ).toHaveLength(10);
  });

  it.each([
    [undefined, ""],
    ["hmac-sha2-256", ", MAC hmac\\-sha2\\-256"],
  ])("shows in its hover the negotiated algorithms, with the MAC %s", (mac, shown) => {
    const algorithms = {
      kex: "curve25519-sha256",
      hostKey: "ssh-ed25519",
      cipher: "aes128-ctr",
      ...(mac && { mac }),
    };
    expect(presentMaster(masterSnapshot({ algorithms }), later, home).hover).toContain(
      `| Algorithms | aes128\\-ctr${shown}, key exchange curve25519\\-sha256 \\(not post\\-quantum\\), host key ssh\\-ed25519 |`,
    );
    const { algorithms: _, ...connecting } = masterSnapshot();
    expect(presentMaster(connecting, later, home).hover).not.toContain("Algorithms");
  });

  it("shows its engine only if that is not the usual one", () => {
    expect(presentMaster(masterSnapshot(), later, home).hover).not.toContain("Connected by");
    expect(presentMaster(masterSnapshot({ engine: "other" }), later, home).hover).toContain(
      "| Connected by | other |",
    );
  });

  it("shows in its hover the keepalive values and their sources", () => {
    const { hover } = presentMaster(masterSnapshot(), later, home);
    expect(hover).toContain("| serverAliveInterval | every 15 s without data: *workspace setting* |");
    expect(hover).toContain("| serverAliveCountMax | 3: *default* |");
    expect(hover).toContain("| tcpKeepAlive | yes: *\\~\\/\\.ssh\\/config line 12* |");
  });

  it.each([
    [600, "10 min"],
    [0, "closes at once"],
    [Number.POSITIVE_INFINITY, "stays"],
  ])("shows in its hover the source of a linger of %d s: %s", (seconds, text) => {
    const linger = { seconds, source: { kind: "hostSetting", pattern: "web1" } } as const;
    expect(presentMaster(masterSnapshot({ linger }), later, home).hover).toContain(
      `| linger | ${text}: *sshSessions\\.hosts "web1"* |`,
    );
  });

  it("shows no linger time for an overflow connection, which has none", () => {
    const { hover } = presentMaster(masterSnapshot({ overflow: true, linger: undefined }), later, home);
    expect(hover).not.toContain("linger");
  });

  it("never treats text of a server or a file as Markdown, icons or HTML", () => {
    const evil = "$(x)[a](command:b)|<img src=x>`c`\u001b[31m\u202e";
    const { hover, label } = presentMaster(
      masterSnapshot({ spec: evil, serverVersion: evil, via: [evil] }),
      later,
      home,
    );
    expect(hover).not.toMatch(/(?<!\\)\$\(x|(?<!\\)\[a|(?<!\\)\|<|<img|(?<!\\)`c/);
    expect(`${hover}${label}`).not.toMatch(/\u001b|\u202e/);
  });

  it("marks an overflow connection", () => {
    expect(presentMaster(masterSnapshot({ overflow: true }), later, home).description).toContain("overflow");
  });

  it("shows the port if it is not 22", () => {
    const destination = { user: "alice", hostName: "::1", port: 2222 };
    expect(presentMaster(masterSnapshot({ destination }), later, home).description).toContain(
      "alice@[::1]:2222",
    );
  });
});

describe("a connection that several hosts share", () => {
  const { keepalive } = masterSnapshot();
  const use = (spec: string, seconds: number, serverAliveInterval: number, folder?: string) => ({
    ...{ spec, folder, keepalive: { ...keepalive, serverAliveInterval } },
    linger: { seconds, source: { kind: "default" } as const },
  });
  const hover = (...uses: readonly ReturnType<typeof use>[]): string =>
    presentMaster(masterSnapshot({ uses }), later, home).hover;

  it("shows the values of each if they differ", () => {
    const text = hover(use("web1", 600, 15), use("me@web1:2222", 0, 0, "api"));
    expect(text).toContain("have different values");
    expect(text).toContain("| web1 | every 15 s without data, 3 times; linger 10 min |");
    expect(text).toContain("| me\\@web1\\:2222 in api | keepalive off; linger closes at once |");
  });

  it("shows nothing if they agree", () => {
    expect(hover(use("web1", 600, 15), use("www", 600, 15))).not.toContain("differ");
    expect(hover(use("web1", 600, 15))).not.toContain("differ");
  });

  it("names everything in ssh_config that is not honoured, for any of them", () => {
    const { hover: text } = presentMaster(
      masterSnapshot({
        warnings: [
          {
            ...{ kind: "keyword", keyword: "bindinterface", value: "eth0" },
            ...{ file: "/home/a/.ssh/config", line: 4, isSystemWide: false },
          },
        ],
      }),
      later,
      home,
    );
    expect(text).toContain("- BindInterface is not honoured");
    expect(text).toContain("line 4");
    expect(presentMaster(masterSnapshot(), later, home).hover).not.toContain("not honoured");
  });

  it("has a constant part that changes with a setting and not with time", () => {
    const lasting = (interval: number, now: number): string | undefined =>
      presentMaster(masterSnapshot({ keepalive: { ...keepalive, serverAliveInterval: interval } }), now, home)
        .lasting;
    expect(lasting(15, later)).toBe(lasting(15, later + 60_000));
    expect(lasting(15, later)).not.toBe(lasting(16, later));
  });
});

describe("a host that waits for the user", () => {
  const state = {
    kind: "reconnecting",
    since: start,
    reason: "unresponsive",
    attempting: false,
    until: undefined,
  } as const;

  it("is recognised by the last attempt's failure", () => {
    const refused = new AuthError("refused", "no", { tried: [], methodsLeft: [] });
    expect(masterStateText({ ...state, error: refused }, start)).toBe("requires you to log in");
    expect(masterStateText(state, start)).toBe("disconnected, reconnect manually");
  });
});
