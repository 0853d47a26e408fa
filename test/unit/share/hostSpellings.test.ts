import { describe, expect, test } from "vitest";
import type { HostConfig } from "../../../src/config/hostConfig.ts";
import { hostSpellings, isServable } from "../../../src/share/hostSpellings.ts";

const base = { user: "me", port: 22, hostName: "web.example.org", forwardAgent: false };

function config(over: Record<string, unknown> = {}): HostConfig {
  return { ...base, sources: new Map(), values: new Map([["tunnel", ["false"]]]), ...over } as never;
}

test("a host may be typed by its alias or its name, with or without its user and port", () => {
  expect(hostSpellings({ alias: "web" }, config()).map(({ text }) => text)).toEqual([
    "web",
    "me@web",
    "web:22",
    "me@web:22",
    "web.example.org",
    "me@web.example.org",
    "web.example.org:22",
    "me@web.example.org:22",
  ]);
  expect(hostSpellings({ alias: "web.example.org" }, config())).toHaveLength(4);
});

describe("a plain ssh can use the connection", () => {
  test.each<[what: string, config: HostConfig, shared: HostConfig, served: boolean]>([
    ["in general", config(), config(), true],
    ["not with X11", config({ values: new Map([["forwardx11", ["yes"]]]) }), config(), false],
    ["not with a tunnel", config({ values: new Map([["tunnel", ["point-to-point"]]]) }), config(), false],
    [
      "with the agent that the connection forwards",
      config({ forwardAgent: true }),
      config({ forwardAgent: true }),
      true,
    ],
    ["not with an agent that it does not forward", config({ forwardAgent: true }), config(), false],
    [
      "not if our own settings set the port",
      config({ sources: new Map([["port", { kind: "hostSetting", pattern: "web" }]]) }),
      config(),
      false,
    ],
    [
      "if ssh_config sets the port",
      config({ sources: new Map([["port", { kind: "sshConfig" }]]) }),
      config(),
      true,
    ],
  ])("%s", (_, of, shared, served) => {
    expect(isServable(of, shared)).toBe(served);
  });
});
