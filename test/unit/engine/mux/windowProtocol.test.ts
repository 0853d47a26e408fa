import { describe, expect, test } from "vitest";
import { WireReader, wireString } from "../../../../src/base/wire.ts";
import { largestMuxFrame } from "../../../../src/engine/mux/muxMessages.ts";
import {
  decodeNote,
  decodeProgramHello,
  decodeWindowHello,
  encodeNote,
  encodeProgramHello,
  encodePrograms,
  encodeWindowHello,
  noteType,
  type WindowHello,
} from "../../../../src/engine/mux/windowProtocol.ts";

const hello: WindowHello = {
  ...{ pid: 7, name: "work", key: "abc", isFull: false },
  info: { serverVersion: "OpenSSH_9.2", authMethod: "publickey", remoteAddress: "192.0.2.1", remotePort: 22 },
};

const policy = {
  spec: "me@web1",
  folder: "work",
  keepalive: {
    ...{ serverAliveInterval: 15, serverAliveCountMax: 3, tcpKeepAlive: true },
    sources: {
      serverAliveInterval: { kind: "sshConfig", file: "/home/a/.ssh/config", line: 3 },
      serverAliveCountMax: { kind: "setting", setting: "serverAliveCountMax", layer: "user" },
      tcpKeepAlive: { kind: "hostSetting", pattern: "web*" },
    },
  },
  linger: { seconds: Number.POSITIVE_INFINITY, source: { kind: "commandLine" } },
} as const;

const pairs = (...texts: string[]): WireReader => new WireReader(Buffer.concat(texts.map(wireString)));
const note = (text: string): Buffer => Buffer.concat([Buffer.from([noteType]), Buffer.from(text)]);
const change = (change: Record<string, unknown>): string =>
  JSON.stringify({
    ...JSON.parse(encodeNote({ kind: "use", inUse: true, policy }).toString("utf8", 1)),
    ...change,
  });

describe("the greeting of windows", () => {
  test("is parsed, also after pairs of others", () => {
    const mine = encodeWindowHello(hello);
    expect(decodeWindowHello(new WireReader(mine))).toEqual(hello);
    const behind = Buffer.concat([wireString("other"), wireString("value"), mine]);
    expect(decodeWindowHello(new WireReader(behind))).toEqual(hello);
  });

  test.each([
    ["OpenSSH's, without pairs", []],
    ["another version", ["window@ssh-sessions", JSON.stringify({ ...hello, protocol: 2 })]],
    ["without a version", ["window@ssh-sessions", JSON.stringify(hello)]],
    ["without a key", ["window@ssh-sessions", JSON.stringify({ protocol: 1, pid: 7, name: "a" })]],
    ["no JSON", ["window@ssh-sessions", "{"]],
    ["null", ["window@ssh-sessions", "null"]],
    ["a pair that is cut short", ["window@ssh-sessions"]],
  ])("%s: is none", (_, texts) => {
    expect(decodeWindowHello(pairs(...texts))).toBeUndefined();
  });

  test("a malformed description of the connection is left out, and a long name cut", () => {
    const value = { protocol: 1, pid: 7, key: "k", name: "n".repeat(5000), info: { serverVersion: 3 } };
    const read = decodeWindowHello(pairs("window@ssh-sessions", JSON.stringify(value)));
    expect(read).toEqual({ pid: 7, key: "k", name: "n".repeat(100), isFull: false });
  });
});

describe("a note of a window", () => {
  test("is parsed, also with an endless linger", () => {
    expect(decodeNote(encodeNote({ kind: "alive" }))).toEqual({ kind: "alive" });
    const use = { kind: "use", inUse: true, policy } as const;
    expect(decodeNote(encodeNote(use))).toEqual(use);
    const others = { kind: "others", uses: [{ ...policy, window: "one" }] } as const;
    expect(decodeNote(encodeNote(others))).toEqual(others);
  });

  test("of the others: malformed ones are left out, and there is a bound for their number and their texts", () => {
    const long = "x".repeat(1000);
    const good = { ...policy, spec: long, folder: long, window: long };
    const uses = [5, null, policy, { ...policy, window: 7 }, ...Array(100).fill(good)];
    const read = decodeNote(note(JSON.stringify({ kind: "others", uses })));
    if (read?.kind !== "others") {
      throw new Error("it is no such note");
    }
    expect(read.uses).toHaveLength(60);
    expect(
      [read.uses[0]?.spec, read.uses[0]?.folder, read.uses[0]?.window].map((text) => text?.length),
    ).toEqual([300, 300, 100]);
    expect(decodeNote(note(JSON.stringify({ kind: "others", uses: 7 })))).toEqual({
      kind: "others",
      uses: [],
    });
  });

  test.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["a number", "5"],
    ["an unknown kind", JSON.stringify({ kind: "other" })],
    ["no policy", change({ policy: null })],
    ["a negative interval", change({ policy: { ...policy, keepalive: { serverAliveInterval: -1 } } })],
    [
      "a count of 0",
      change({ policy: { ...policy, keepalive: { serverAliveInterval: 1, serverAliveCountMax: 0 } } }),
    ],
    ["a linger that is no number", change({ policy: { ...policy, linger: { seconds: "long" } } })],
  ])("%s: is ignored", (_, text) => {
    expect(decodeNote(note(text))).toBeUndefined();
  });

  test("a source that is unknown counts as the default", () => {
    const keepalive = { ...policy.keepalive, sources: { tcpKeepAlive: { kind: "setting", layer: "moon" } } };
    const read = decodeNote(note(change({ policy: { ...policy, keepalive } })));
    expect(read).toMatchObject({
      policy: {
        keepalive: {
          sources: { serverAliveInterval: { kind: "default" }, tcpKeepAlive: { kind: "default" } },
        },
      },
    });
  });
});

test("a gateway says for which program it is a client, and any other client nothing", () => {
  const read = (...texts: string[]) => decodeProgramHello(pairs(...texts));
  expect(decodeProgramHello(new WireReader(encodeProgramHello("ssh 7")))).toBe("ssh 7");
  expect(read("other", "x", "program@ssh-sessions", "git 8")).toBe("git 8");
  expect([read(), read("other", "x"), read("program@ssh-sessions")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(read("program@ssh-sessions", "x".repeat(5000))).toBeUndefined();
});

describe("the programs on a connection", () => {
  const program = {
    past: { connections: 2, bytesIn: 5, bytesOut: 6 },
    ...{
      id: "p1",
      masterId: "m1",
      name: "git",
      pid: 7,
      since: 5,
      call: "-N web1",
      listeners: ["localhost:80"],
    },
    channels: [
      { type: "session", command: "uptime", bytesIn: 1, bytesOut: 2 },
      { type: "direct-tcpip", command: undefined, target: "db:5432", bytesIn: 3, bytesOut: 4 },
    ],
  };

  test("are said as they are, but for the connection's id, which means nothing elsewhere", () => {
    expect(decodeNote(encodePrograms([program, { ...program, name: undefined, pid: undefined }]))).toEqual({
      kind: "programs",
      programs: [
        { ...program, masterId: "" },
        { ...program, masterId: "", name: undefined, pid: undefined },
      ],
    });
    expect(decodeNote(encodeNote({ kind: "endProgram", id: "p1" }))).toEqual({
      kind: "endProgram",
      id: "p1",
    });
  });

  test("fit into a frame, whatever they are", () => {
    const channel = { type: "direct-tcpip", command: undefined, bytesIn: 0, bytesOut: 0 };
    const many = Array.from({ length: 5000 }, (_, at) => ({
      ...channel,
      target: `${"\u0001ä\u2028".repeat(400)}${at}`,
    }));
    const note = encodePrograms(
      Array(500).fill({ ...program, listeners: Array(900).fill("x".repeat(900)), channels: many }),
    );
    expect(note.length).toBeLessThan(largestMuxFrame);
    const read = decodeNote(note);
    expect(read?.kind === "programs" && read.programs.length).toBeGreaterThan(0);
    const calls = Array(500).fill({ ...program, call: "\u0001".repeat(5_000), name: "n".repeat(5_000) });
    expect(encodePrograms(calls).length).toBeLessThan(largestMuxFrame);
  });

  test.each([
    ["no list", "1", []],
    ["no object", "[1, null]", []],
    ["no id", '[{"since": 1, "channels": []}]', []],
    ["an id that is no text", '[{"id": 1, "since": 1, "channels": []}]', []],
    ["no time", '[{"id": "a", "channels": []}]', []],
    ["no channels", '[{"id": "a", "since": 1}]', []],
  ])("%s: none is read", (_, programs, read) => {
    expect(decodeNote(note(`{"kind":"programs","programs":${programs}}`))).toEqual({
      kind: "programs",
      programs: read,
    });
  });

  test("with other fields malformed are read without them, and long texts cut", () => {
    const value = {
      ...{ id: "i".repeat(9000), since: 1, name: 3, pid: "x", call: 1, listeners: [1, "l".repeat(9000)] },
      past: { connections: "1" },
      channels: [
        { type: "session" },
        { type: "t".repeat(9000), command: 1, target: 2, bytesIn: 1, bytesOut: 1 },
      ],
    };
    const read = decodeNote(note(JSON.stringify({ kind: "programs", programs: [value] })));
    expect(read).toEqual({
      kind: "programs",
      programs: [
        {
          ...{ id: "i".repeat(100), masterId: "", since: 1, name: undefined, pid: undefined },
          listeners: ["l".repeat(200)],
          channels: [{ type: "t".repeat(200), command: undefined, bytesIn: 1, bytesOut: 1 }],
        },
      ],
    });
    expect(decodeNote(note('{"kind":"endProgram","id":1}'))).toBeUndefined();
  });
});
