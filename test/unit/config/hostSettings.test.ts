import { expect, test } from "vitest";
import { hostSetting, matchingHostSettings } from "../../../src/config/hostSettings.ts";

const entries = [
  { pattern: "web", user: "joe" },
  { pattern: "w*, d?", user: "other", port: 2222, tcpKeepAlive: false },
  { pattern: "* !db", linger: 0 },
];

test("of each value the first entry that matches and sets it counts", () => {
  expect(matchingHostSettings(entries, "web")).toEqual({
    user: "joe",
    port: 2222,
    tcpKeepAlive: false,
    linger: 0,
  });
});

test("patterns are separated by blanks and commas; a negation rules an entry out", () => {
  expect(matchingHostSettings(entries, "db")).toEqual({ user: "other", port: 2222, tcpKeepAlive: false });
  expect(matchingHostSettings(entries, "x")).toEqual({ linger: 0 });
});

test("a value comes with the pattern of its entry, and what is not accepted is passed over", () => {
  expect(hostSetting(entries, "web", "user")).toEqual({ value: "joe", pattern: "web" });
  expect(hostSetting(entries, "web", "user", (user) => user !== "joe")?.pattern).toBe("w*, d?");
  expect(hostSetting(entries, "x", "user")).toBeUndefined();
});
