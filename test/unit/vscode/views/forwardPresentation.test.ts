import { describe, expect, it } from "vitest";
import { parseForward } from "../../../../src/config/forwardSpec.ts";
import { ChannelError, ForwardError } from "../../../../src/engine/engineErrors.ts";
import type { ForwardSnapshot } from "../../../../src/forward/forwardTypes.ts";
import { forwardLabel } from "../../../../src/text/forwardText.ts";
import { literal } from "../../../../src/text/markdownText.ts";
import {
  forwardHover,
  presentForward,
  presentForwards,
} from "../../../../src/vscode/views/forwardPresentation.ts";

const forward: ForwardSnapshot = {
  ...{ id: "f1", masterId: "m1", host: "build1", since: 0, state: { kind: "listening", since: 0 } },
  ...{ spec: parseForward("8080:db:5432"), origins: [{ kind: "person" }], lastFailure: undefined },
  ...{ addresses: ["127.0.0.1:8080"], takenAddresses: [], port: 8080, connections: [], openConnections: 0 },
  ...{ taken: 0, failed: 0, sent: 0, received: 0, rate: 0 },
};
const shown = (changes: Partial<ForwardSnapshot>): { description: string | undefined; icon: string } => {
  const { description, icon } = presentForward({ ...forward, ...changes }, 1000, "/home/me");
  return { description, icon: icon?.id ?? "" };
};

describe("the row of a forward", () => {
  it("is green while it listens at all of its addresses", () => {
    expect(shown({})).toEqual({ description: "listening", icon: "arrow-right" });
  });

  it("warns first where another program has one of its addresses", () => {
    const takenAddresses = ["127.0.0.1:8080"];
    expect(shown({ takenAddresses })).toEqual({
      description: "taken: 127.0.0.1:8080 · listening",
      icon: "warning",
    });
    expect(shown({ takenAddresses, state: { kind: "waiting", since: 0, onDemand: true } }).icon).toBe(
      "warning",
    );
  });

  it("warns while its last connection failed and none is open", () => {
    const lastFailure = new ForwardError("timed-out", "late");
    expect(shown({ lastFailure })).toEqual({
      description: "last connection failed · listening",
      icon: "warning",
    });
    expect(shown({ lastFailure, openConnections: 1 }).icon).toBe("arrow-right");
  });

  it.each([
    ["-D 1080", 2, false],
    ["-R 1080", 2, false],
    ["-D 1080", 1, true],
    ["8080:db:5432", 2, true],
  ])("%s: after a failure with the code %d it warns: %s", (text, code, warns) => {
    const lastFailure = new ChannelError("refused", "no", { code });
    const { icon, description } = shown({ spec: parseForward(text), lastFailure });
    expect([icon === "warning", description?.includes("failed")]).toEqual([warns, warns]);
  });

  it.each([
    ["5432:10.200.100.200:5432", "5432 → 10.200.100.200:5432"],
    ["5432:db:5432", "5432 → db:5432"],
    ["5432:main.databases.example.com:5432", "5432 → main…:5432"],
    ["15432:postgres-production-eu-central.example.com:5432", "15432 → postgr…central:5432"],
    ["8080:[2001:db8:1:2:3:4:5:6]:80", "8080 → [2001:db8:1:2:3:4:5:6]:80"],
    ["8080:/var/run/docker.sock", "8080 → …un/docker.sock"],
    ["-R 8080:main.databases.example.com:80", "main…:80 ← 8080"],
    ["-D 1080", "1080 → SOCKS"],
  ])("%s leaves room for its state; its hover and screen readers have the whole", (text, label) => {
    const spec = parseForward(text);
    const row = presentForward({ ...forward, spec }, 1000, "/home/me");
    expect(row.label).toBe(label);
    const whole = forwardLabel({ ...forward, spec });
    expect(row.accessibleLabel).toContain(whole);
    expect(row.hover).toContain(literal(whole));
  });

  it("says that port 0 means any, until the system has chosen one", () => {
    const spec = parseForward("0:db:80");
    const label = (changes: Partial<ForwardSnapshot>): string =>
      presentForward({ ...forward, spec, ...changes }, 1000, "/home/me").label;
    expect(label({ port: 40_123 })).toBe("40123 → db:80");
    expect(label({ port: undefined })).toBe("any port → db:80");
    expect(label({ port: 40_123, state: { kind: "stopped", since: 0, isFromBefore: true } })).toBe(
      "any port → db:80",
    );
  });

  it("names its host where no connection does", () => {
    const state = { kind: "waiting", since: 0, onDemand: true } as const;
    expect(shown({ state, masterId: undefined }).description).toBe("on demand · build1");
  });

  it("does not warn where the user's own ssh makes it", () => {
    const servedBy = { pid: 4711, name: "ssh" };
    expect(shown({ state: { kind: "stopped", since: 0, servedBy }, addresses: [] })).toEqual({
      description: "forwarded by your ssh (4711)",
      icon: "arrow-right",
    });
  });

  it("says that another window makes it", () => {
    const servedBy = { pid: 4711, name: "work", isWindow: true } as const;
    expect(shown({ state: { kind: "stopped", since: 0, servedBy }, addresses: [] })).toEqual({
      description: "forwarded by another window (4711)",
      icon: "arrow-right",
    });
  });

  it("names in its hover the programs that opened its newest connections, as plain text", () => {
    const open = { since: 0, sent: 5, received: 7, to: "db:5432" };
    const hover = forwardHover(
      {
        ...forward,
        openConnections: 2,
        connections: [
          { id: 2, from: "127.0.0.1:40001", ...open },
          { id: 1, from: "127.0.0.1:40000", ...open },
        ],
      },
      1000,
      "/home/me",
      new Map([[2, { pid: 4711, name: "*psql*" }]]),
    );
    expect(hover).toContain(`${literal("127.0.0.1:40001")} ${literal("*psql* (4711)")} → `);
    expect(hover).toContain(`${literal("127.0.0.1:40000")} → `);
  });
});

describe("the fold of forwards", () => {
  const lastFailure = new ForwardError("timed-out", "late");
  const refused = { kind: "refused", since: 0, error: lastFailure } as const;

  it("counts those that do not work and those with a warning", () => {
    const row = (...changes: readonly Partial<ForwardSnapshot>[]) =>
      presentForwards(
        changes.map((change) => ({ ...forward, ...change })),
        true,
      );
    expect(row({}, {}).description).toBe("2");
    expect(row({}, {}).icon).toEqual({ id: "plug" });
    expect(row({}, { state: refused }, { lastFailure }, { takenAddresses: ["[::1]:1"] }).description).toBe(
      "4 · 1 not working · 2 with a warning",
    );
    expect(row({ lastFailure }).icon).toMatchObject({ color: "list.warningForeground" });
  });

  it("speaks of a connection only where there is one", () => {
    expect(presentForwards([forward], true).hover).toContain("this connection");
    expect(presentForwards([forward], false).hover).toContain("no connection");
  });
});

it("a forward's hover tells the connections so far from the open ones", () => {
  const used = (changes: Partial<ForwardSnapshot>) => forwardHover({ ...forward, ...changes }, 0, "/home/me");
  expect(used({ taken: 1 })).toContain("1 connection so far");
  expect(used({ taken: 1 })).not.toContain("open");
  expect(used({ taken: 3, failed: 1, openConnections: 2 })).toContain(
    literal("3 connections so far, 1 of them failed, 2 open"),
  );
});
