import { describe, expect, test } from "vitest";
import {
  ForwardSpecError,
  formatForward,
  isLoopback,
  parseForward,
  parseForwardArgument,
} from "../../../src/config/forwardSpec.ts";

describe("typed forwards", () => {
  test.each([
    ["8080", "-L 8080:localhost:8080"],
    [" 8080 ", "-L 8080:localhost:8080"],
    ["8080:80", "-L 8080:localhost:80"],
    ["0:80", "-L 0:localhost:80"],
    ["db:5432", "-L 5432:db:5432"],
    ["8080:db:5432", "-L 8080:db:5432"],
    ["127.0.0.2:8080:db:5432", "-L 127.0.0.2:8080:db:5432"],
    ["*:8080:db:5432", "-L *:8080:db:5432"],
    [":8080:db:5432", "-L :8080:db:5432"],
    ["[::1]:8080:[fe80::1]:80", "-L [::1]:8080:[fe80::1]:80"],
    ["unix:/run/docker.sock", "-L 0:/run/docker.sock"],
    ["8080:unix:/run/docker.sock", "-L 8080:/run/docker.sock"],
    ["/tmp/a.sock:/run/docker.sock", "-L /tmp/a.sock:/run/docker.sock"],
    ["/tmp/a.sock:db:80", "-L /tmp/a.sock:db:80"],
    ["127.0.0.1:8080:/run/x", "-L 127.0.0.1:8080:/run/x"],
    ["-L 8080:db:80", "-L 8080:db:80"],
    ["-L8080:db:80", "-L 8080:db:80"],
    ["-R 9000:localhost:80", "-R 9000:localhost:80"],
    ["-R 0:localhost:80", "-R 0:localhost:80"],
    ["-R 1080", "-R 1080"],
    ["-R *:1080", "-R *:1080"],
    ["-R /run/x.sock:localhost:80", "-R /run/x.sock:localhost:80"],
    ["-R /run/x.sock:/run/y.sock", "-R /run/x.sock:/run/y.sock"],
    ["-R 9000:/run/y.sock", "-R 9000:/run/y.sock"],
    ["-D 1080", "-D 1080"],
    ["-D0", "-D 0"],
    ["-D [::1]:1080", "-D [::1]:1080"],
    ["-D localhost:1080", "-D localhost:1080"],
  ])("%s is %s, and its text is parsed back to the same", (text, formatted) => {
    const spec = parseForward(text);
    expect(formatForward(spec)).toBe(formatted);
    expect(parseForward(formatted)).toEqual(spec);
  });

  test.each([
    ["", "empty"],
    ["-L", "empty"],
    ["-D", "empty"],
    ["-R", "empty"],
    ["abc", "port"],
    ["-X 3", "option"],
    ["-l 8080:db:80", "option"],
    ["unix:rel", "path"],
    ["8080:unix:rel/x", "path"],
    ["-L unix:rel:db:80", "path"],
    ["http://user@db:80", "port"],
    ["0", "port"],
    ["65536", "port"],
    ["8080:db:0", "port"],
    ["8080:db:99999", "port"],
    ["8080:db:http", "port"],
    ["-1:db:80", "port"],
    ["-D a:b:1", "parts"],
    ["a:1:b:2:c", "too-many-parts"],
    ["8080:", "no-port"],
    ["8080:db:", "no-port"],
    ["-D 127.0.0.1:", "no-port"],
    ["-L 8080", "parts"],
    ["[::1:8080:db:80", "brackets"],
    ["[::1]8080:db:80", "brackets"],
    ["8080:d b:80", "host"],
    ["8080:-oProxyCommand:80", "host"],
    ["8080:$(id):80", "host"],
    ["8080::80", "host"],
    [`8080:${"a".repeat(256)}:80`, "host"],
    [`unix:/${"x".repeat(103)}`, "path"],
    ["8080:run/x.sock", "path"],
    ["-D /run/x.sock:1:2", "parts"],
  ])("%s is refused: %s", (text, reason) => {
    expect(() => parseForward(text)).toThrow(ForwardSpecError);
    expect(() => parseForward(text)).toThrow(expect.objectContaining({ reason }));
  });

  test("a RemoteForward without a target in the output of `ssh -G` has none", () => {
    expect(parseForwardArgument("remote", "1081:[socks]:0")).toEqual({
      kind: "remote",
      listen: { type: "tcp", port: 1081 },
    });
  });
});

describe("who can reach a listener", () => {
  test.each([
    ["8080", false, true],
    ["8080", true, false],
    ["localhost:8080:a:1", true, true],
    ["127.8.8.8:8080:a:1", true, true],
    ["[::1]:8080:a:1", true, true],
    ["*:8080:a:1", false, false],
    [":8080:a:1", false, false],
    ["0.0.0.0:8080:a:1", false, false],
    ["192.168.1.2:8080:a:1", false, false],
    ["/tmp/x:a:1", true, true],
  ])("%s with GatewayPorts %s is loopback: %s", (text, gatewayPorts, loopback) => {
    expect(isLoopback(parseForward(text).listen, gatewayPorts)).toBe(loopback);
  });
});

test.each([
  ["http://localhost:8123", "-L 8123:localhost:8123"],
  ["HTTPS://db.example.com:8443/path?a=b:c#d", "-L 8443:db.example.com:8443"],
  ["http://[::1]:3000/", "-L 3000:[::1]:3000"],
  ["http://db", "-L 0:db:80"],
  ["https://db/", "-L 0:db:443"],
  ["unix:80", "-L 80:unix:80"],
  ["8080:unix:80", "-L 8080:unix:80"],
])("%s is understood as %s", (text, forward) => {
  expect(formatForward(parseForward(text))).toBe(forward);
});
