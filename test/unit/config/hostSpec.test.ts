import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../src/config/configErrors.ts";
import { formatHostSpec, parseHostSpec } from "../../../src/config/hostSpec.ts";

describe("a typed host", () => {
  test.each([
    ["web", { alias: "web" }],
    ["web.example.org", { alias: "web.example.org" }],
    ["joe@web", { alias: "web", user: "joe" }],
    ["joe@corp@web", { alias: "web", user: "joe@corp" }],
    ["CORP\\joe@web", { alias: "web", user: "CORP\\joe" }],
    ["web:2222", { alias: "web", port: 2222 }],
    ["joe@web:2222", { alias: "web", user: "joe", port: 2222 }],
    ["web:", { alias: "web" }],
    ["10.0.0.1:22", { alias: "10.0.0.1", port: 22 }],
    ["::1", { alias: "::1" }],
    ["joe@fe80::1%eth0", { alias: "fe80::1%eth0", user: "joe" }],
    ["[::1]", { alias: "::1" }],
    ["joe@[::1]:2222", { alias: "::1", user: "joe", port: 2222 }],
    ["ssh://web", { alias: "web" }],
    ["ssh://web/", { alias: "web" }],
    ["ssh://joe@web:2222", { alias: "web", user: "joe", port: 2222 }],
    ["ssh://joe@[::1]:22", { alias: "::1", user: "joe", port: 22 }],
    ["ssh://jo%65;fingerprint=x@web", { alias: "web", user: "joe" }],
  ])("%s", (text, expected) => {
    expect(parseHostSpec(text)).toEqual(expected);
  });

  test.each([
    ...["", " ", "-oProxyCommand=x", "joe@-web", "-joe@web", "@web", "joe@", "web:0", "web:65536", "web:ssh"],
    ...["web:22:22", "a b", "web\n", "web\u0000", "web;id", "$(id)", "`id`", "a|b", "a,b", "'web'", '"web"'],
    ...[
      "[::1",
      "[::1]x",
      "[]:22",
      "::g",
      "ssh://",
      "ssh://web/path",
      "ssh://@web",
      "ssh://a%zz@web",
      "x;y@web",
    ],
    ...["ssh joe@web", "joe -x@web", "joe\\@web", "joe\u001b@web"],
  ])("%j is refused", (text) => {
    const error = (() => {
      try {
        return parseHostSpec(text);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(ConfigError.is(error) && error.reason).toBe("invalid-host");
  });

  test.each(["web", "joe@web", "web:2222", "joe@[::1]:22", "::1"])(
    "%s is restored from its parts",
    (text) => {
      expect(formatHostSpec(parseHostSpec(text))).toBe(text);
    },
  );

  test("a refusal does not carry control characters into the log", () => {
    expect(() => parseHostSpec("web\u001b[2J")).toThrow(/^[\u0020-\u007e]+$/);
  });
});
