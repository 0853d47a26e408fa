import { describe, expect, test } from "vitest";
import { formatForward } from "../../../src/config/forwardSpec.ts";
import { readSshCall } from "../../../src/share/sshCall.ts";

const read = (text: string) => {
  const call = readSshCall(text);
  return call && { ...call, forwards: call.forwards.map(formatForward) };
};
const shell = { command: undefined, hasSession: true, stream: undefined, forwards: [] };

describe("what ssh was called with", () => {
  test.each([
    ["web1", shell],
    ["-p 22 -l me web1", shell],
    ["me@web1 uptime -p", { ...shell, command: "uptime -p" }],
    ["web1 -T -p22 cat a b", { ...shell, command: "cat a b" }],
    ["-- web1 -N", { ...shell, hasSession: false }],
    ["-N web1", { ...shell, hasSession: false }],
    ["-o SessionType=none web1", { ...shell, hasSession: false }],
    ["-TNL 8080:db:80 web1", { ...shell, hasSession: false, forwards: ["-L 8080:db:80"] }],
    ["-L8080:db:80 -D 1080 -R 1:a:2 web1", { ...shell, forwards: ["-L 8080:db:80", "-D 1080", "-R 1:a:2"] }],
    ["-o LocalForward=8080 db:80 web1 ls", { ...shell, command: "ls", forwards: ["-L 8080:db:80"] }],
    ["-oDynamicForward=1080 web1", { ...shell, forwards: ["-D 1080"] }],
    ["-L nonsense web1", shell],
    ["-W db:22 web1", { ...shell, hasSession: false, stream: "db:22" }],
    ["-o SendEnv=X git@web1 git-upload-pack 'a'", { ...shell, command: "git-upload-pack 'a'" }],
  ])("%s", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test.each(["", "  ", "-N", "-L", "-o"])("'%s' names no host", (text) => {
    expect(readSshCall(text)).toBeUndefined();
  });
});
