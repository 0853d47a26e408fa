import { describe, expect, it } from "vitest";
import { destinationBeside, typedBeside } from "../../../src/text/besideName.ts";

describe("the destination shown beside a name", () => {
  it.each([
    ["build1", "me", "192.0.2.1", 22, "me@192.0.2.1"],
    ["build1", "me", "build1.example.com", 22, "me@….example.com"],
    ["Build1", "me", "build1.example.com", 2222, "me@….example.com:2222"],
    ["build1", "", "build1.example.com", 22, "….example.com"],
    ["build1", "me", "build1", 22, "as me"],
    ["build1", "me", "BUILD1", 2222, "as me, port 2222"],
    ["build1", "", "build1", 22, ""],
    ["me@build1:2222", "me", "build1", 2222, ""],
    ["me@build1", "me", "build1", 2222, "port 2222"],
    ["build1:2222", "me", "build1", 2222, "as me"],
    ["me@[2001:db8::1]:2222", "me", "2001:db8::1", 2222, ""],
    ["2001:db8::1", "me", "2001:db8::1", 22, "as me"],
    ["web", "me", "webmail.example.com", 22, "me@webmail.example.com"],
    ["b", "bob", "b", 22, "as bob"],
  ])("%s for %s at %s port %d: %s", (name, user, hostName, port, text) =>
    expect(destinationBeside(name, { user, hostName, port })).toBe(text),
  );
});

it.each([
  ["127.0.0.1", "root@127.0.0.1:28934", "as root, port 28934"],
  ["2001:db8::1", "[2001:db8::1]:22", ""],
  ["very…com", "me@very-long.example.com:2222", "me@very-long.example.com:2222"],
  ["build.example.com:2222", "me@build.example.com:2222", "as me"],
  ["me@build", "me@build", ""],
  ["not…host", "not a host", "not a host"],
])("beside %s for the typed %s: %s", (name, spec, text) => expect(typedBeside(name, spec)).toBe(text));
