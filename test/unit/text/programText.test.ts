import { describe, expect, it } from "vitest";
import { wireString, wireUint32 } from "../../../src/base/wire.ts";
import { listenAddressOf, targetOf } from "../../../src/engine/channels/relay/relayedAddress.ts";
import type { RelayedChannelSnapshot } from "../../../src/engine/channels/relay/relayTypes.ts";
import { programDescription } from "../../../src/text/programText.ts";
import { presentProgram } from "../../../src/vscode/views/programPresentation.ts";

const channel = (over: Partial<RelayedChannelSnapshot> = {}): RelayedChannelSnapshot => ({
  ...{ type: "session", command: undefined, bytesIn: 0, bytesOut: 0 },
  ...over,
});
const to = (target: string): RelayedChannelSnapshot => channel({ type: "direct-tcpip", target });
const program = (channels: readonly RelayedChannelSnapshot[], listeners: readonly string[] = []) => ({
  ...{ id: "p1", masterId: "m1", name: undefined, pid: undefined, since: 0 },
  ...{ channels, listeners },
});
const hostile = `${"x".repeat(300)}\u202e\u001b[31m\n**b** [a](command:b)`;

describe("the row of a program", () => {
  it.each([
    ["does nothing", program([]), "idle"],
    ["runs a command", program([channel({ command: "uptime" })]), "uptime"],
    ["has a shell", program([channel()]), "shell"],
    ["has several sessions", program([channel(), channel()]), "2 sessions"],
    ["listens", program([], ["localhost:8080"]), "localhost:8080 on the server, nobody connected"],
    ["listens twice", program([], ["a:1", "b:2"]), "a:1 and 1 other on the server, nobody connected"],
    ["listens often", program([], ["a:1", "b:2", "/s"]), "a:1 and 2 others on the server, nobody connected"],
    ["forwards", program([to("db:5432")]), "db:5432, 1 connection"],
    ["forwards to one target", program([to("db:1"), to("db:1")]), "db:1, 2 connections"],
    ["to two", program([to("db:1"), to("db:1"), to("a:2")]), "db:1 and 1 other, 3 connections"],
    ["to more", program([to("a:1"), to("b:1"), to("c:1")]), "a:1 and 2 others, 3 connections"],
    ["is reached", program([channel({ type: "forwarded-tcpip" })]), "forwarded connection"],
    [
      "does everything",
      program([channel(), to("a:1"), ...Array(2).fill(channel({ type: "forwarded-tcpip" }))], ["b:2"]),
      "shell · a:1, 1 connection · b:2 on the server · 2 forwarded connections",
    ],
    [
      "waits at a port here",
      { ...program([]), call: "-N -L 8080:db:5432 web1" },
      "8080 → db:5432, nobody connected",
    ],
    [
      "waits at several, and on the server",
      { ...program([], ["localhost:1"]), call: "-NL8080:db:5432 -D 1080 web1" },
      "8080 → db:5432 and 1 other and localhost:1 on the server, nobody connected",
    ],
    ["only stays", { ...program([]), call: "-N web1" }, "idle"],
    [
      "is reached at the server",
      program([channel({ type: "forwarded-tcpip" })], ["localhost:1"]),
      "localhost:1 on the server · forwarded connection",
    ],
  ])("of one that %s", (_, shown, text) => {
    expect(programDescription(shown)).toBe(`${text} · ↑ 0 B ↓ 0 B`);
    expect(presentProgram(shown, 0).accessibleLabel).toContain(text.split(" · ")[0]);
  });

  const past = { connections: 3, bytesIn: 2048, bytesOut: 10 };
  it.each([
    ["none is left", program([]), "3 connections are over"],
    [
      "none is left at a port here",
      { ...program([]), call: "-N -L 8080:db:5432 web1" },
      "8080 → db:5432, 3 connections are over",
    ],
    ["none is left at the server", program([], ["a:1"]), "a:1 on the server, 3 connections are over"],
    ["none is left beside a shell", program([channel()]), "shell · 3 connections are over"],
    ["one is open", program([to("db:1")]), "db:1, 1 connection"],
  ])("of one with earlier connections, if %s: their data stays counted", (_, shown, text) => {
    expect(programDescription({ ...shown, past })).toBe(`${text} · ↑ 10 B ↓ 2.0 KiB`);
  });

  it.each([
    ["-o SendEnv=GIT_PROTOCOL git@web1 git-upload-pack 'a b'", "git-upload-pack 'a b'"],
    ["web1", "shell"],
    ["-L 8080:db:5432 web1", "shell · 8080 → db:5432"],
    ["-L 8080:db:5432 -R 1:db:2 -N web1", "8080 → db:5432 and 1 other"],
    ["-W db:22 web1", "connection to db:22"],
    ["", ""],
    ["-N", "-N"],
  ])("of one of which only the call is known, %s: the command comes first", (calledWith, text) => {
    expect(programDescription({ ...program([]), calledWith })).toBe(text);
    expect(presentProgram({ ...program([]), calledWith }, 0).hover).not.toContain("Data");
  });

  it("of one that nobody here knows offers no End Program", () => {
    const { description, contextValue } = presentProgram(
      { ...program([]), calledWith: "", canEnd: false },
      0,
    );
    expect(description).toBe("not from a terminal of this editor");
    expect(contextValue).not.toMatch(/\bprogram\b/);
  });

  it("of one without a session says what it was called with", () => {
    const { hover, label } = presentProgram(
      { ...program([]), name: "ssh", pid: 7, call: "-N -D 1080 web1" },
      0,
    );
    expect(label).toBe("ssh (7)");
    expect(hover).toMatch(/Called with.*1080 web1/s);
  });

  it("counts earlier and open connections in the hover", () => {
    expect(presentProgram({ ...program([to("a:1")]), past }, 0).hover).toMatch(/Connections so far \| 4 /);
  });

  it("is bounded and without control characters, whatever the program names", () => {
    const shown = presentProgram(program([to(hostile), to("b:1")], [hostile]), 0);
    for (const text of [shown.label, shown.description ?? "", shown.accessibleLabel ?? ""]) {
      expect(text).not.toMatch(/[\u0000-\u001f\u202e]/);
      expect(text.length).toBeLessThan(600);
    }
    expect(shown.hover).not.toContain("\u202e");
    expect(shown.hover).not.toContain("](command:");
  });
});

describe("what a program asks for", () => {
  const endpoint = (host: string, port: number): Buffer =>
    Buffer.concat([wireString(host), wireUint32(port)]);

  it("is read from its messages", () => {
    const origin = endpoint("127.0.0.1", 1);
    expect(targetOf("direct-tcpip", Buffer.concat([endpoint("db", 5432), origin]))).toBe("db:5432");
    expect(targetOf("direct-tcpip", Buffer.concat([endpoint("::1", 22), origin]))).toBe("[::1]:22");
    const path = Buffer.concat([wireString("/run/s"), wireString(""), wireUint32(0)]);
    expect(targetOf("direct-streamlocal@openssh.com", path)).toBe("/run/s");
    expect(targetOf("session", Buffer.alloc(0))).toBeUndefined();
    expect(listenAddressOf("forwarded-tcpip", endpoint("localhost", 80))).toBe("localhost:80");
    expect(listenAddressOf("forwarded-tcpip", endpoint("", 80))).toBe("*:80");
    expect(listenAddressOf("forwarded-streamlocal@openssh.com", wireString("/run/s"))).toBe("/run/s");
  });

  it("is kept in part only if it is long", () => {
    const long = endpoint("x".repeat(100_000), 1);
    expect(targetOf("direct-tcpip", long)?.length).toBe(202);
    expect(listenAddressOf("forwarded-streamlocal@openssh.com", wireString("y".repeat(9000))).length).toBe(
      200,
    );
  });
});
