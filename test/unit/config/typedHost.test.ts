import { describe, expect, it } from "vitest";
import { isCommandOrAddress, parseTypedHost } from "../../../src/config/typedHost.ts";

describe("a typed or pasted host", () => {
  it.each([
    ["web", "web"],
    ["  me@web:22 ", "me@web:22"],
    ["ssh web", "web"],
    ["ssh -p 22 x", "x:22"],
    ["ssh -p22 me@x", "me@x:22"],
    ["ssh user@host -p 2222", "user@host:2222"],
    ["user@host -p 2222", "user@host:2222"],
    ["host -l me", "me@host"],
    ["-p 2222 host", "host:2222"],
    ["ssh -l me -p 2222 host", "me@host:2222"],
    ["ssh -lme host", "me@host"],
    ["ssh://user@host:22", "user@host:22"],
    ["ssh ssh://user@host:22", "user@host:22"],
    ["$ ssh me@host", "me@host"],
    ["/usr/bin/ssh me@host", "me@host"],
    ["ssh.exe me@host", "me@host"],
    ['ssh "me@host"', "me@host"],
    ["ssh -- me@host", "me@host"],
    ["ssh -p 22 ::1", "[::1]:22"],
    ["ssh me@[::1]:23", "me@[::1]:23"],
    // The first one counts, as with ssh.
    ["ssh -l me you@host", "me@host"],
    ["ssh you@host -l me", "you@host"],
    ["ssh -p 22 host -p 23", "host:22"],
    ["ssh -p 22 host:23", "host:22"],
    // An alias with this name.
    ["ssh", "ssh"],
    ["sshd1", "sshd1"],
  ])("%j is %s", (text, spec) => {
    expect(parseTypedHost(text)).toEqual({ kind: "host", spec });
  });

  it.each([
    ["ssh -J jump host", { kind: "option", option: "-J" }],
    ["ssh -Jjump host", { kind: "option", option: "-J" }],
    ["ssh -i key.pem me@host", { kind: "option", option: "-i" }],
    ["ssh -oProxyCommand=x host", { kind: "option", option: "-o" }],
    ["-oProxyCommand=x", { kind: "option", option: "-o" }],
    ["--proxy x", { kind: "option", option: "--proxy" }],
    ["ssh host uptime", { kind: "command" }],
    ["ssh -p", { kind: "incomplete" }],
    ["ssh -p 22", { kind: "incomplete" }],
    ["ssh -l", { kind: "incomplete" }],
    ["ssh -p high host", { kind: "port" }],
    ["ssh -p 65536 host", { kind: "port" }],
    ["my host", { kind: "not-a-host" }],
    ["scp me@host", { kind: "not-a-host" }],
    ["me two@host", { kind: "not-a-host" }],
    ["ssh -l a;b host", { kind: "not-a-host" }],
    ["ssh -l -x host", { kind: "not-a-host" }],
    ["host;id", { kind: "not-a-host" }],
    ["", { kind: "not-a-host" }],
  ])("%j is refused", (text, refusal) => {
    expect(parseTypedHost(text)).toEqual(refusal);
  });

  it("is no listed name if it has an address, an option or a command", () => {
    const own = ["me@web", "web:22", "ssh web", "ssh -p", "web -p 22", "-p 22"];
    expect(own.filter((text) => !isCommandOrAddress(text))).toEqual([]);
    expect(["web", "ssh", "web-1", "prod db"].filter(isCommandOrAddress)).toEqual([]);
  });
});
