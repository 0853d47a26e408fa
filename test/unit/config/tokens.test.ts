// biome-ignore-all lint/suspicious/noTemplateCurlyInString: how ssh_config writes a variable
import { describe, expect, test } from "vitest";
import {
  connectionHash,
  ExpansionError,
  expandProxyCommand,
  expandTilde,
  expandTokens,
  expandTokensAndVariables,
} from "../../../src/config/tokens.ts";

const tokens = { h: "srv", p: "22" };

describe("tokens", () => {
  test("are replaced once: the replacement is not expanded again", () => {
    expect(expandTokens("%h:%p %%h", { h: "%p", p: "22" })).toBe("%p:22 %h");
  });

  test.each(["%x", "a%", "%C"])("%s is refused if it is unknown", (text) => {
    expect(() => expandTokens(text, tokens)).toThrow(ExpansionError);
  });

  test("names of object members are not tokens", () => {
    expect(() => expandTokens("%_", tokens)).toThrow(ExpansionError);
  });

  test("variables are replaced in braces only", () => {
    expect(expandTokensAndVariables("${A}/%h/$A/$", tokens, { A: "%h${A}" })).toBe("%h${A}/srv/$A/$");
  });

  test.each(["${B}", "${A", "${}"])("%s is refused", (text) => {
    expect(() => expandTokensAndVariables(text, tokens, { A: "x" })).toThrow(ExpansionError);
  });

  test("a variable set to an empty value is set", () => {
    expect(expandTokensAndVariables("a${A}b", tokens, { A: "" })).toBe("ab");
  });
});

describe("~", () => {
  const homeOf = (user: string): string | undefined => (user === "bob" ? "/home/bob" : undefined);
  test.each([
    ["~", "/home/me/"],
    ["~/", "/home/me/"],
    ["~/x/y", "/home/me/x/y"],
    ["~//x", "/home/me/x"],
    ["~bob/x", "/home/bob/x"],
    ["~bob", "/home/bob/"],
    ["/x/~", "/x/~"],
    ["x~", "x~"],
  ])("%s", (path, expected) => {
    expect(expandTilde(path, "/home/me", homeOf)).toBe(expected);
  });

  test("with backslashes, as on Windows", () => {
    expect(expandTilde("~\\.ssh\\id", "C:\\Users\\me", homeOf)).toBe("C:\\Users\\me/.ssh\\id");
  });

  test("of an unknown user is refused", () => {
    expect(() => expandTilde("~eve/x", "/home/me", homeOf)).toThrow(ExpansionError);
  });
});

test("%C is the SHA-1 in OpenSSH's control socket names", () => {
  const parts = { localHost: "desk", hostName: "srv", port: 22, user: "me", jumpHost: "" };
  // printf 'desksrv22me' | sha1sum
  expect(connectionHash(parts)).toBe("a3f7ba72f7aa967fad0e02014323a4ffbcdecec2");
});

describe("ProxyCommand", () => {
  const host = { alias: "web", hostName: "srv", port: 2222, user: "joe" };

  test("has its tokens replaced", () => {
    expect(expandProxyCommand("nc %h %p # %n %r %k 100%%", host)).toBe("nc srv 2222 # web joe web 100%");
  });

  test("uses HostKeyAlias for %k", () => {
    expect(expandProxyCommand("%k", { ...host, hostKeyAlias: "key" })).toBe("key");
  });

  test("leaves variables to the shell", () => {
    expect(expandProxyCommand("nc $X ${X}", host)).toBe("nc $X ${X}");
  });

  test("supports no other tokens", () => {
    expect(() => expandProxyCommand("nc %u", host)).toThrow(ExpansionError);
  });
});
