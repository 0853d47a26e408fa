import { describe, expect, it } from "vitest";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { terminalRequest } from "../../../src/session/terminalRequest.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const dimensions = { columns: 80, rows: 24 };
const pty = { term: "xterm-256color", dimensions };
const asked = (changes: Partial<HostConfig>, command?: string) =>
  terminalRequest(testHostConfig(changes), command, dimensions);

describe("what a terminal requests from the server", () => {
  it.each<[string, Partial<HostConfig>, unknown]>([
    ["a shell", {}, { request: { type: "shell" }, pty }],
    ["a shell, RequestTTY no", { requestTty: "no" }, { request: { type: "shell" } }],
    ["a shell, RequestTTY force", { requestTty: "force" }, { request: { type: "shell" }, pty }],
    ["RemoteCommand", { remoteCommand: "top" }, { request: { type: "exec", command: "top" } }],
    [
      "RemoteCommand, RequestTTY yes",
      { remoteCommand: "top", requestTty: "yes" },
      { request: { type: "exec", command: "top" }, pty },
    ],
    [
      "RemoteCommand, RequestTTY force",
      { remoteCommand: "top", requestTty: "force" },
      { request: { type: "exec", command: "top" }, pty },
    ],
    [
      "RemoteCommand, RequestTTY no",
      { remoteCommand: "top", requestTty: "no" },
      { request: { type: "exec", command: "top" } },
    ],
    [
      "a subsystem",
      { remoteCommand: "sftp", sessionType: "subsystem" },
      { request: { type: "subsystem", name: "sftp" } },
    ],
    ["a subsystem without a name", { sessionType: "subsystem" }, { request: { type: "shell" }, pty }],
  ])("%s", (_name, changes, expected) => {
    expect(asked(changes)).toEqual(expected);
  });

  it("gives an explicit command a terminal, whatever the file says", () => {
    const changes = { remoteCommand: "x", requestTty: "no", sessionType: "none" } as const;
    expect(asked(changes, "tmux")).toEqual({ request: { type: "exec", command: "tmux" }, pty });
  });

  it("opens nothing under SessionType none, and names the line", () => {
    const sources = new Map([["sessiontype", { kind: "sshConfig", file: "/c", line: 7 } as const]]);
    expect(() => asked({ sessionType: "none", sources })).toThrow(
      expect.objectContaining({ reason: "no-session", file: "/c", line: 7 }),
    );
  });
});
