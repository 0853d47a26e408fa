import { describe, expect, test } from "vitest";
import { channelLimits, connectTimeLimit } from "../../../src/master/connectTimeLimits.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const endless = Number.POSITIVE_INFINITY;

describe("the time limit for a connection", () => {
  test.each([
    ["a host without ConnectTimeout", {}, true, 30_000],
    ["the same, unattended", {}, false, 30_000],
    ["ConnectTimeout 5", { connectTimeout: 5 }, true, 5_000],
    ["ConnectTimeout 0, which sets no limit", { connectTimeout: 0 }, false, endless],
    ["a ProxyCommand that can be cancelled", { proxyCommand: "nc" }, true, endless],
    ["an unattended ProxyCommand", { proxyCommand: "nc" }, false, 120_000],
    ["a ProxyCommand with ConnectTimeout", { proxyCommand: "nc", connectTimeout: 7 }, false, 7_000],
  ])("%s", (_what, values, attended, limit) => {
    expect(connectTimeLimit(testHostConfig(values), attended)).toBe(limit);
  });
});

describe("the silence allowed while a channel opens", () => {
  test.each([
    ["without ConnectTimeout", {}, 30_000],
    ["with a shorter ConnectTimeout", { connectTimeout: 5 }, 30_000],
    ["with a longer ConnectTimeout", { connectTimeout: 90 }, 90_000],
    ["with ConnectTimeout 0", { connectTimeout: 0 }, endless],
  ])("%s", (_what, values, limit) => {
    expect(channelLimits(testHostConfig(values), true)).toEqual({
      silenceLimit: limit,
      startLimit: Number.POSITIVE_INFINITY,
    });
  });
});
