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
    ["does nothing yet", program([]), "no channel open"],
    ["runs a command", program([channel({ command: "uptime" })]), "uptime"],
    ["has a shell", program([channel()]), "shell"],
    ["has several sessions", program([channel(), channel()]), "2 sessions"],
    ["listens", program([], ["localhost:8080"]), "listens on localhost:8080 of the server"],
    ["listens twice", program([], ["a:1", "b:2"]), "listens on a:1 of the server and 1 other address"],
    [
      "listens often",
      program([], ["a:1", "b:2", "/s"]),
      "listens on a:1 of the server and 2 other addresses",
    ],
    ["forwards", program([to("db:5432")]), "connection to db:5432"],
    ["forwards to one target", program([to("db:1"), to("db:1")]), "2 connections, to db:1"],
    ["to two", program([to("db:1"), to("db:1"), to("a:2")]), "3 connections, to db:1 and 1 other"],
    ["to more", program([to("a:1"), to("b:1"), to("c:1")]), "3 connections, to a:1 and 2 others"],
    ["is reached", program([channel({ type: "forwarded-tcpip" })]), "forwarded connection"],
    [
      "does everything",
      program([channel(), to("a:1"), ...Array(2).fill(channel({ type: "forwarded-tcpip" }))], ["b:2"]),
      "shell · listens on b:2 of the server · connection to a:1 · 2 forwarded connections",
    ],
  ])("of one that %s", (_, shown, text) => {
    expect(programDescription(shown)).toBe(`${text} · ↑ 0 B ↓ 0 B`);
    expect(presentProgram(shown, 0).accessibleLabel).toContain(text.split(" · ")[0]);
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
