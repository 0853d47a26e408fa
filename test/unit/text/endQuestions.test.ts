import { describe, expect, test } from "vitest";
import {
  disconnectAllQuestion,
  disconnectQuestion,
  isMuchAtStake,
  killAllQuestion,
  killQuestion,
} from "../../../src/text/endQuestions.ts";
import { programsLoss } from "../../../src/text/programText.ts";
import { windowsLoss } from "../../../src/text/windowText.ts";

describe("the questions before an end", () => {
  const losses = ["3 programs lose it.", "1 session ends, too."];

  test("name what ends in this window, and what others lose", () => {
    const atStake = { sessions: 2, losses, host: "web1", endsConnection: true };
    expect(disconnectQuestion(atStake)).toMatchObject({
      message: "Disconnect web1 with its 2 sessions?",
      action: "Disconnect 2 Sessions",
      detail:
        "Their shells receive a hangup, and the programs in them end. 3 programs lose it. 1 session ends, too.",
    });
    for (const question of [disconnectAllQuestion, killQuestion, killAllQuestion]) {
      expect(question(atStake).detail.endsWith(losses.join(" "))).toBe(true);
    }
  });

  test("without sessions of this window, mention only the others", () => {
    const atStake = { sessions: 0, losses, endsConnection: true };
    const [message, detail] = ["Disconnect a connection that others use?", losses.join(" ")];
    expect(disconnectQuestion(atStake)).toMatchObject({ message, action: "Disconnect", detail });
    expect(killQuestion(atStake)).toMatchObject({
      message: "Kill a connection that others use?",
      action: "Kill",
    });
  });

  test("are asked for two sessions, and for one where others lose something", () => {
    expect([0, 1, 2].map((sessions) => isMuchAtStake({ sessions, losses: [] }))).toEqual([
      false,
      false,
      true,
    ]);
    expect([0, 1, 2].map((sessions) => isMuchAtStake({ sessions, losses }))).toEqual([true, true, true]);
  });

  test.each([
    [
      0,
      true,
      "Disconnect web1, whose connection others use?",
      "Kill the connection to web1, which others use?",
    ],
    [1, true, "Disconnect web1 with its session?", "Kill the connection to web1 with its session at once?"],
    [
      5,
      true,
      "Disconnect web1 with its 5 sessions?",
      "Kill the connection to web1 with its 5 sessions at once?",
    ],
    [1, false, "Disconnect 1 session on web1?", "Kill 1 session on web1 at once?"],
    [2, false, "Disconnect 2 sessions on web1?", "Kill 2 sessions on web1 at once?"],
  ])("name the host: %d sessions, with the connection: %s", (sessions, endsConnection, disconnect, kill) => {
    const atStake = { sessions, losses, host: "web1", endsConnection };
    expect([disconnectQuestion(atStake).message, killQuestion(atStake).message]).toEqual([disconnect, kill]);
  });

  test("name no host if there are several", () => {
    const message = (sessions: number) => {
      const atStake = { sessions, losses, endsConnection: true };
      return [disconnectQuestion(atStake).message, killQuestion(atStake).message];
    };
    expect(message(1)).toEqual(["Disconnect 1 session?", "Kill 1 session at once?"]);
    expect(message(3)).toEqual(["Disconnect 3 sessions?", "Kill 3 sessions at once?"]);
  });

  test("show a host without control characters", () => {
    const atStake = { sessions: 2, losses, host: "web\u001b1", endsConnection: true };
    expect(disconnectQuestion(atStake).message + killQuestion(atStake).message).not.toContain("\u001b");
  });
});

test("what others lose is counted", () => {
  const session = { type: "session", command: undefined, bytesIn: 0, bytesOut: 0 };
  const window = (channels: readonly (typeof session)[]) => ({
    ...{ id: "w1", masterId: "m1", name: "work", pid: 7, since: 0, channels },
  });
  expect(programsLoss(0)).toBeUndefined();
  expect(programsLoss(1)).toBe("1 other program on this computer loses its connection.");
  expect(windowsLoss([window([]), window([{ ...session, type: "direct-tcpip" }])])).toBeUndefined();
  expect(windowsLoss([window([session]), window([session])])).toBe(
    "2 sessions of other windows end, too; these windows connect again by themselves.",
  );
});
