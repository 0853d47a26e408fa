import { beforeEach, describe, expect, it, vi } from "vitest";
import type { HostEntry } from "../../../../src/config/configPorts.ts";
import { parseForward } from "../../../../src/config/forwardSpec.ts";
import { ForwardError } from "../../../../src/engine/engineErrors.ts";
import type { ForwardSnapshot } from "../../../../src/forward/forwardTypes.ts";
import type { MasterEndReason } from "../../../../src/master/masterTypes.ts";
import type { RemoteSession } from "../../../../src/remote/remoteSession.ts";
import type { MasterSnapshot } from "../../../../src/session/masterSnapshotTypes.ts";
import type { SessionSnapshot } from "../../../../src/session/sessionTypes.ts";
import type { ProgramSnapshot } from "../../../../src/share/programTypes.ts";
import type { UserMasterSnapshot } from "../../../../src/share/userMasterTypes.ts";
import { type AllFeaturesInit, allFeatures } from "../../../../src/vscode/features/allFeatures.ts";
import { HostList } from "../../../../src/vscode/views/hostList.ts";
import { ItemPresenter } from "../../../../src/vscode/views/itemPresenter.ts";
import type { Row, RowSource } from "../../../../src/vscode/views/row.ts";
import { RowFilter } from "../../../../src/vscode/views/rowFilter.ts";
import { RowModel } from "../../../../src/vscode/views/rowModel.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { RecordingLogger } from "../../../support/recordingLogger.ts";
import { masterSnapshot, sessionSnapshot, start } from "./snapshots.ts";

// The views' rows need no editor; the file that lists them also makes the views.
vi.mock("vscode", () => ({}));
const { hostRowKinds, liveRowKinds } = await import("../../../../src/vscode/sideBar.ts");

const nothing = () => ({ dispose: () => {} });
const reasons: readonly MasterEndReason[] = ["killed", "unresponsive", "closed-by-server", "connect-failed"];
const states: readonly MasterSnapshot["state"][] = [
  { kind: "connecting", phase: "tcp", since: start },
  { kind: "ready", since: start },
  { kind: "lingering", since: start, until: start + 60_000 },
  { kind: "suspect", since: start, unanswered: 2, countMax: 3, deadAt: start + 9_000 },
  { kind: "hung", since: start, silentSince: start },
  { kind: "disconnecting", since: start },
  ...reasons.map((reason) => ({ kind: "lost", since: start, reason }) as const),
] as readonly MasterSnapshot["state"][];

const login = (over: Partial<RemoteSession>): RemoteSession =>
  ({
    ...{ id: "1", kind: "terminal", user: "alice", tty: "pts/3", from: "198.51.100.7", programs: ["vim a"] },
    ...{ hung: [], targets: [], ours: undefined, since: 1, idleSeconds: 90, state: "sleeping" },
    ...over,
  }) as RemoteSession;

/** Names that a connection can have, with their destinations. */
const names: readonly (readonly [spec: string, user: string, hostName: string, port: number])[] = [
  ["build1", "me", "build1.example.com", 22],
  ["build1", "me", "build1", 2222],
  ["me@build1:2222", "me", "build1", 2222],
  ["Build1", "me", "build1.example.com", 2222],
  ["192.0.2.5", "me", "192.0.2.5", 22],
  ["me@[2001:db8::1]:2222", "me", "2001:db8::1", 2222],
  ["prod-eu-west-1-frontend-web-01.example.com", "deploy", "192.0.2.1", 22],
  ["prod-eu-west-1-frontend-web-02.example.com", "deploy", "192.0.2.2", 22],
];

const session = (over: Partial<SessionSnapshot>): SessionSnapshot => sessionSnapshot(over);

const masters: readonly MasterSnapshot[] = names.flatMap(([spec, user, hostName, port], which) =>
  states.map((state, at) => {
    const id = `m${which}-${at}`;
    const titles = [spec, `${spec} (2)`, "build log"];
    return masterSnapshot({
      ...{ id, spec, alias: spec, state, destination: { user, hostName, port } },
      sessions: titles.map((title, n) =>
        session({ id: `${id}-s${n}`, masterId: id, spec, alias: spec, title }),
      ),
    });
  }),
);

const ended: readonly SessionSnapshot[] = names.flatMap(([spec], which) =>
  [spec, `${spec} (2)`, "build log"].map((title, n) => {
    const outcome = { kind: "exited", code: n } as const;
    return session({
      ...{ id: `e${which}-${n}`, spec, alias: spec, title, outcome },
      state: { kind: "ended", since: start, outcome },
    });
  }),
);

const forwards: readonly ForwardSnapshot[] = [
  ["f1", "m0-1", { kind: "listening", since: start }],
  ["f2", "m0-1", { kind: "refused", since: start, error: new ForwardError("port-taken", "taken") }],
  ["f3", undefined, { kind: "waiting", since: start, onDemand: true }],
].map(([id, masterId, state], which) => ({
  ...{ id, masterId, state, host: "build1", since: start },
  ...{ spec: parseForward(`808${which}:db:5432`), origins: [{ kind: "person" }], lastFailure: undefined },
  ...{ addresses: ["127.0.0.1:8080"], takenAddresses: [], port: 8080, connections: [], openConnections: 2 },
  ...{ taken: 3, failed: 1, sent: 10, received: 2048, rate: 1500 },
})) as readonly ForwardSnapshot[];

const programs: readonly ProgramSnapshot[] = [
  {
    ...{ id: "p1", masterId: "m0-1", name: "git", pid: 42, since: start },
    channels: [{ type: "session", command: "git-upload-pack 'a'", bytesIn: 5000, bytesOut: 20 }],
  },
  { id: "p2", masterId: "m0-1", name: undefined, pid: undefined, since: start, channels: [] },
];

const windows: readonly ProgramSnapshot[] = [
  {
    ...{ id: "w1", masterId: "m0-1", name: "work", pid: 43, since: start },
    channels: [{ type: "session", command: undefined, bytesIn: 5000, bytesOut: 20 }],
  },
];

const userMasters: readonly UserMasterSnapshot[] = [
  { path: "/run/cm-build1", hosts: ["build1"], pid: 44, since: start, isRidden: true },
  { path: "/run/cm", hosts: ["build2", "db"], pid: 45, since: start, isRidden: false },
];

const entries: readonly HostEntry[] = [
  {
    alias: "build1",
    source: "sshConfig",
    file: "/home/a/.ssh/config",
    line: 3,
    hostName: "build1.example.com",
  },
  { alias: "build2", source: "sshConfig", user: "me", port: 2222 },
  { alias: "web.example.com", source: "setting", hostName: "web.example.com", user: "me" },
  { alias: "db", source: "sshConfig", hostName: "192.0.2.9" },
  { alias: "farm1", source: "setting" },
];

describe("every row", () => {
  let kinds: readonly RowSource[];
  let rows: readonly Row[];
  let modelOf: Map<Row, RowModel>;

  beforeEach(async () => {
    const hosts = new HostList({
      resolver: {
        hosts: async () => ({
          hosts: entries,
          problems: [{ file: "/home/a/.ssh/config", line: 4, message: "Bad line" }],
        }),
        onDidChange: nothing,
      } as never,
      service: { masters: () => masters, onDidChange: nothing } as never,
      recent: { typed: () => ["me@typed.example.com:2222"], onDidChange: nothing },
      access: { grants: () => [{ host: "db" }, { host: "me@typed.example.com:2222" }], onDidChange: nothing },
      groupOf: ({ alias }) => (alias === "farm1" ? "Build farm" : undefined),
      logger: new RecordingLogger(),
    });
    await hosts.ready();
    const snapshot = {
      sessions: [
        login({ id: "1", ours: "carrier" }),
        login({ id: "2", hung: [{ kind: "stopped", pid: 1, program: "vim" }] as never }),
        login({ id: "3", kind: "connection", programs: [] }),
      ],
      ...{ system: "Debian", takenAt: start, sudo: "unavailable", gaps: ["processes", "logins"] },
    };
    // The view is full, so that connections are collapsed unless the user has expanded them.
    const folds = { isOpen: (name: string) => (name.includes("web-0") ? true : undefined), set: () => {} };
    const clock = new ManualClock();
    const itemPresenter = new ItemPresenter(clock, "/home/a");
    const live = liveRowKinds({
      itemPresenter,
      service: { masters: () => masters, history: () => ended, onDidChange: nothing } as never,
      remote: { snapshot: () => snapshot, failure: () => undefined, onDidChange: nothing } as never,
      polling: { isShown: () => true, isOpen: () => true, setOpen: () => {}, onDidChange: nothing } as never,
      access: { opens: ({ spec }) => spec === "build1", onDidChange: nothing },
      features: allFeatures({
        ...({ service: { masters: () => masters }, clock, home: "/home/a" } as never as AllFeaturesInit),
        forwards: { forwards: () => forwards, onDidChange: nothing } as never,
        programs: { programs: () => programs, onDidChange: nothing } as never,
        windows: { windows: () => windows, onDidChange: nothing } as never,
        userMasters: { masters: () => userMasters, onDidChange: nothing } as never,
        kept: {
          elsewhere: [
            { id: "k", host: "build1", title: "build log", since: start, window: 44, ended: false },
            { id: "l", host: "web1", title: "web1", since: start, window: undefined, ended: false },
          ],
          onDidChange: nothing,
        } as never,
      }),
      earlier: { before: [{ host: "web1", title: "web1" }], onDidChange: nothing },
    });
    const listed = hostRowKinds({ hosts, home: "/home/a", itemPresenter, warnings: async () => [] });
    kinds = [...live, ...listed];
    modelOf = new Map();
    rows = [live, listed].flatMap((each) => {
      const model = new RowModel({ kinds: each, filter: new RowFilter(), folds });
      model.update(clock.now());
      const below = (row?: Row): readonly Row[] =>
        model.children(row).flatMap((child) => [child, ...below(child)]);
      const found = below();
      for (const row of found) {
        modelOf.set(row, model);
      }
      return found;
    });
  });

  const shown = (row: Row) => {
    const presentation = modelOf.get(row)?.present(row);
    if (presentation === undefined) {
      throw new Error(`${row.key} has no presentation`);
    }
    return presentation;
  };
  const kind = (name: string): readonly Row[] => rows.filter(({ source }) => source.name === name);

  it("of every kind is among the tested ones", () => {
    const seen = new Set(rows.map(({ source }) => source.name));
    expect([...seen].sort()).toEqual(kinds.map(({ name }) => name).sort());
  });

  it("has a label, an icon, a word for menus, a hover and a text for screen readers, all printable", () => {
    for (const row of rows) {
      const { label, icon, contextValue, hover, accessibleLabel, description } = shown(row);
      for (const text of [label, icon.id, contextValue, hover, accessibleLabel]) {
        expect(text, row.key).toMatch(/\S/);
      }
      for (const text of [label, description, hover, accessibleLabel]) {
        expect(text, row.key).not.toMatch(/undefined|\[object|NaN|, ,| · · |, $| · $|^ · /);
      }
    }
  });

  it("is unique in its view by its key", () => {
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  });

  it("does not repeat itself: the description has neither the label's words nor a part twice", () => {
    for (const row of rows) {
      const { label, description } = shown(row);
      const words = description.toLowerCase().split(/[\s·,@:]+/);
      expect(words, `${row.key}: ${label} | ${description}`).not.toContain(label.toLowerCase());
      expect(description.toLowerCase().includes(label.toLowerCase()), `${label} | ${description}`).toBe(
        false,
      );
      const parts = description.split(" · ").filter((part) => part !== "");
      expect(new Set(parts).size, description).toBe(parts.length);
    }
  });

  it("counts sessions and programs while its connection is collapsed, after a state that must be seen", () => {
    const described = kind("master").map((row) => shown(row));
    for (const { label, accessibleLabel, description, urgent } of described) {
      const counts = urgent === undefined ? /^3 sessions/ : /^[^·]+ · 3 sessions/;
      expect(counts.test(description), `${label}: ${description}`).toBe(!accessibleLabel.includes("web-0"));
      expect(description.startsWith(urgent ?? ""), description).toBe(true);
    }
    expect(described.filter(({ urgent }) => urgent === undefined).length).toBe(names.length);
    const withPrograms = described.filter(({ description }) => description.includes("programs"));
    expect(withPrograms.map(({ description }) => description)).toEqual([
      expect.stringMatching(/^3 sessions · 1 session of another window · 2 programs( ·|$)/),
    ]);
  });

  it("has its full name for a screen reader, however short its label is", () => {
    for (const row of kind("master")) {
      expect(shown(row).accessibleLabel).toMatch(
        /^(?:build1|Build1|me@|192|prod-eu-west-1-frontend-web-0\d\.example\.com)/,
      );
    }
    for (const row of kind("host")) {
      expect(entries.some(({ alias }) => shown(row).accessibleLabel.startsWith(alias))).toBe(true);
    }
  });

  it("is spoken without dots, arrows and words that follow themselves", () => {
    for (const row of rows) {
      const { accessibleLabel } = shown(row);
      expect(accessibleLabel).not.toMatch(/[·↑↓…]/);
      expect(accessibleLabel).not.toMatch(/\b(\w+) \1\b/i);
    }
  });

  it.each([
    ...["master", "session", "onServer", "remoteSession", "remoteNote"],
    ...["program", "otherWindow", "forward", "forwards"],
  ])("of the kind %s shows its address and its user", (name) => {
    expect(kind(name).length).toBeGreaterThan(0);
    // A forward without a connection has its host only.
    for (const row of kind(name).filter((each) => !/^f3$|^forwards $|forward f3/.test(each.key))) {
      const { accessibleLabel } = shown(row);
      expect(
        names.some(
          ([, user, hostName]) => accessibleLabel.includes(`${user}@`) && accessibleLabel.includes(hostName),
        ),
        accessibleLabel,
      ).toBe(true);
    }
  });

  it("of a login on a server shows its user, and whether it is ours or hung", () => {
    const spoken = kind("remoteSession").map((row) => shown(row).accessibleLabel);
    expect(spoken.some((text) => /^alice pts\/3, ours, .*198\.51\.100\.7, server /.test(text))).toBe(true);
    expect(spoken.some((text) => /^alice pts\/3, hung, .*server /.test(text))).toBe(true);
  });

  it("says what it is, in the words of the glossary", () => {
    const word: Readonly<Record<string, RegExp>> = {
      master: /\bconnection$/,
      session: /\b(?:terminal|command|script)\b/,
      host: /\bhost$/,
      recentHost: /\bhost$/,
      hostGroup: /^Group /,
      problem: /^Problem: /,
      endedSession: /\bended session\b/,
    };
    for (const row of rows) {
      const { label, description, accessibleLabel, hover } = shown(row);
      expect(accessibleLabel, row.key).toMatch(word[row.source.name] ?? /\S/);
      for (const text of [label, description, accessibleLabel, hover]) {
        expect(text).not.toMatch(/\b(?:master|tunnel|heartbeat|mux|login shell session)\b/i);
      }
    }
  });
});
