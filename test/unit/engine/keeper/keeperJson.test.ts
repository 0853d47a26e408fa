import { describe, expect, test } from "vitest";
import { AuthError } from "../../../../src/auth/authErrors.ts";
import { CancelledError } from "../../../../src/base/errors.ts";
import { ChannelError, ConnectError } from "../../../../src/engine/engineErrors.ts";
import { field, fromJson, toJson } from "../../../../src/engine/keeper/keeperJson.ts";
import { HostKeyError } from "../../../../src/trust/hostKeyErrors.ts";

const there = (value: unknown): unknown => fromJson(toJson(value));

describe("what a window and the keeper say to each other", () => {
  test.each([
    ["plain values", { a: 1, b: "text", c: [true, null], d: { e: [] } }],
    ["bytes", { key: Buffer.from([0, 1, 255]) }],
    ["maps", { values: new Map([["port", ["22"]]]) }],
    ["undefined and infinity", [undefined, Number.POSITIVE_INFINITY, { left: undefined }]],
  ])("carries %s", (_, value) => {
    expect(there(value)).toEqual(value);
  });

  test("leaves functions out, because the other side can't call them", () => {
    expect(there({ a: 1, call: () => 1 })).toEqual({ a: 1 });
  });

  test("carries errors with their class, their fields and their causes", () => {
    const cause = new HostKeyError("changed", "It changed", {
      ...{ host: "web1", keyType: "ssh-ed25519", fingerprint: "SHA256:x", file: "/known_hosts", line: 3 },
    });
    const error = new ConnectError("jump-failed", "The jump host failed", {
      cause,
      jump: { host: "jump", target: "web1:22", step: "connection" },
    });
    const copy = there(error);
    expect(ConnectError.is(copy) && copy.reason).toBe("jump-failed");
    expect(copy).toMatchObject({ message: error.message, jump: error.jump });
    const inner = copy instanceof Error ? copy.cause : undefined;
    expect(HostKeyError.is(inner) && [inner.reason, inner.file, inner.line]).toEqual([
      "changed",
      "/known_hosts",
      3,
    ]);
  });

  test.each([
    new CancelledError(),
    new ChannelError("refused", "No room", { code: 4 }),
    new AuthError("refused", "No", { tried: ["publickey"], methodsLeft: [] }),
    new Error("other"),
  ])("carries %s", (error) => {
    const copy = there(error);
    expect(copy).toBeInstanceOf(Object.getPrototypeOf(error).constructor);
    expect(copy).toEqual(error);
  });

  test("ends a chain of causes that leads back to itself", () => {
    const error = new Error("loop");
    error.cause = error;
    expect(toJson(error).length).toBeLessThan(10_000);
  });

  test("names own fields only", () => {
    expect(field({ a: 1 }, "a")).toBe(1);
    expect(field({ a: 1 }, "toString")).toBeUndefined();
    expect(field("text", "length")).toBeUndefined();
    expect(field(null, "a")).toBeUndefined();
  });
});
