import { describe, expect, it } from "vitest";
import type { LimitKind, LimitSnapshot } from "../../../src/session/sessionTypes.ts";
import { clockTimeToTheSecond as clock } from "../../../src/text/clockTimes.ts";
import { limitRowText, limitsExtendedText } from "../../../src/text/limitText.ts";

const now = Date.UTC(2026, 0, 1, 12, 0, 0);
const limit = (kind: LimitKind, seconds: number, left = seconds): LimitSnapshot => ({
  ...{ kind, seconds, source: { kind: "default" }, endsAt: now + left * 1000 },
});

describe("the message after Extend Limits", () => {
  it.each([
    [[], '"web1" has no limit. It stays open until you end it.'],
    [[limit("time", 300)], `"web1" now ends at ${clock(now + 300_000)}, in 5 min (time limit).`],
    [[limit("idle", 600)], '"web1" now ends after 10 min without input or output (idle limit).'],
    [
      [limit("channel-timeout", 60), limit("time", 300)],
      `"web1" now ends at ${clock(now + 300_000)}, in 5 min (time limit), or earlier after 1 min without input or output (ChannelTimeout).`,
    ],
  ])("%j: %s", (limits, text) => {
    expect(limitsExtendedText("web1", limits, now)).toBe(text);
  });
});

it("the row shows the remaining time of the first limit, with seconds in the last minute", () => {
  expect(limitRowText([], now)).toBeUndefined();
  expect(limitRowText([limit("idle", 600, 301), limit("time", 900)], now)).toBe("5 min 30 s left");
  expect(limitRowText([limit("time", 900, 42)], now)).toBe("0:42 left");
});
