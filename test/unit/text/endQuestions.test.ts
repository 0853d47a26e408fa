import { describe, expect, test } from "vitest";
import {
  disconnectAllQuestion,
  disconnectQuestion,
  isMuchAtStake,
  killAllQuestion,
  killHungQuestion,
  killQuestion,
  sumOfOthers,
} from "../../../src/text/endQuestions.ts";
import { programsLoss, programsStay } from "../../../src/text/programText.ts";
import { sessionsElsewhereText, windowsLoss } from "../../../src/text/windowText.ts";

const others = {
  programs: 0,
  losses: ["3 programs lose it.", "1 session ends, too."],
  stays: ["A window keeps it."],
};
const nobody = { programs: 0, losses: [], stays: [] };

describe("the questions before an end", () => {
  test("name what ends in this window, what others lose, and what stays", () => {
    const atStake = { ...others, sessions: 2, programs: 1, host: "web1", endsConnection: true };
    expect(disconnectQuestion(atStake)).toMatchObject({
      message: "Disconnect web1 with its 2 sessions and 1 program?",
      action: "Disconnect 2 Sessions and 1 Program",
      detail:
        "The sessions' shells receive a hangup, and the programs in them end. 3 programs lose it. 1 session ends, too. A window keeps it.",
    });
    for (const question of [disconnectAllQuestion, killQuestion, killAllQuestion]) {
      expect(question(atStake).detail).toMatch(
        /3 programs lose it\. 1 session ends, too\. A window keeps it\.$/,
      );
    }
  });

  test("without sessions of this window and without programs, mention only the others", () => {
    const atStake = { ...others, sessions: 0, endsConnection: true };
    expect(disconnectQuestion(atStake)).toMatchObject({
      message: "Disconnect a connection that others use?",
      action: "Disconnect",
      detail: "3 programs lose it. 1 session ends, too. A window keeps it.",
    });
    expect(killQuestion(atStake)).toMatchObject({
      message: "Kill a connection that others use?",
      action: "Kill",
      detail: "3 programs lose it. 1 session ends, too. A window keeps it.",
    });
  });

  test("are asked for two sessions, and for one where others lose something, not where something stays", () => {
    const asks = (over: Partial<typeof others>) =>
      [0, 1, 2].map((sessions) => isMuchAtStake({ ...nobody, ...over, sessions }));
    expect(asks({ stays: others.stays })).toEqual([false, false, true]);
    expect(asks({ losses: others.losses })).toEqual([true, true, true]);
  });

  test.each([
    [0, 0, true, "Disconnect web1, whose connection others use?", "Disconnect"],
    [1, 0, true, "Disconnect web1 with its session?", "Disconnect 1 Session"],
    [5, 0, true, "Disconnect web1 with its 5 sessions?", "Disconnect 5 Sessions"],
    [0, 1, true, "Disconnect web1 with its program?", "Disconnect 1 Program"],
    [0, 2, true, "Disconnect web1 with its 2 programs?", "Disconnect 2 Programs"],
    [1, 1, true, "Disconnect web1 with its session and 1 program?", "Disconnect 1 Session and 1 Program"],
    [
      2,
      3,
      true,
      "Disconnect web1 with its 2 sessions and 3 programs?",
      "Disconnect 2 Sessions and 3 Programs",
    ],
    [1, 0, false, "Disconnect 1 session on web1?", "Disconnect 1 Session"],
    [2, 0, false, "Disconnect 2 sessions on web1?", "Disconnect 2 Sessions"],
  ])(
    "of %d sessions and %d programs, with the connection: %s",
    (sessions, programs, ends, message, action) => {
      const atStake = { ...others, sessions, programs, host: "web1", endsConnection: ends };
      expect(disconnectQuestion(atStake)).toMatchObject({ message, action });
      const [, what = ""] = /^Disconnect web1 (with .*)\?$/.exec(message) ?? [];
      expect(killQuestion(atStake)).toMatchObject({
        message:
          what !== ""
            ? `Kill the connection to web1 ${what} at once?`
            : ends
              ? "Kill the connection to web1, which others use?"
              : message.replace("Disconnect", "Kill").replace("?", " at once?"),
        action: action.replace("Disconnect", "Kill"),
      });
    },
  );

  test("name no host if there are several", () => {
    const message = (sessions: number, programs: number) => {
      const atStake = { ...others, sessions, programs, endsConnection: true };
      return [disconnectQuestion(atStake).message, killQuestion(atStake).message];
    };
    expect(message(1, 0)).toEqual(["Disconnect 1 session?", "Kill 1 session at once?"]);
    expect(message(3, 1)).toEqual([
      "Disconnect 3 sessions and 1 program?",
      "Kill 3 sessions and 1 program at once?",
    ]);
    expect(message(0, 2)).toEqual(["Disconnect 2 programs?", "Kill 2 programs at once?"]);
  });

  test("speak of one session as one", () => {
    const atStake = { ...others, sessions: 1, host: "web1", endsConnection: true };
    for (const question of [disconnectQuestion, killQuestion, disconnectAllQuestion, killAllQuestion]) {
      expect(question(atStake).detail).toMatch(/ in (the session|it) /);
      expect(question(atStake).detail).not.toMatch(/\b([Tt]heir|them|sessions)\b/);
    }
  });

  test("before all connections end, count sessions and programs", () => {
    const messages = (sessions: number, programs: number) =>
      disconnectAllQuestion({ ...others, sessions, programs }).message;
    expect(messages(0, 0)).toBe("Disconnect connections that others use?");
    expect(messages(0, 1)).toBe("Disconnect all connections, and 1 program on them?");
    expect(messages(1, 0)).toBe("Disconnect 1 SSH session?");
    expect(messages(2, 1)).toBe("Disconnect all 2 SSH sessions and 1 program?");
    expect(killAllQuestion({ ...nobody, sessions: 2, programs: 1 }).detail).toMatch(
      /^What ends: 2 sessions and 1 program\. The programs in the sessions can't/,
    );
    expect(killAllQuestion({ ...nobody, sessions: 0 }).detail).toBe("");
  });

  test("about connections that do not respond name each host once, and what others lose", () => {
    expect(killHungQuestion(["web1"], others)).toMatchObject({
      message: "Kill the connection that does not respond (web1)?",
      detail: expect.stringMatching(/^The sessions on it end here.*3 programs lose it\./),
    });
    expect(killHungQuestion(["web1", "db\u001b", "web1"], nobody).message).toMatch(
      /^Kill the 3 connections that do not respond \(web1, db[^\u001b]*\)\?$/,
    );
  });

  test("show a host without control characters", () => {
    const atStake = { ...others, sessions: 2, host: "web\u001b1", endsConnection: true };
    expect(disconnectQuestion(atStake).message + killQuestion(atStake).message).not.toContain("\u001b");
  });
});

test("what others have is gathered from all kinds of them", () => {
  const part = { programs: 2, loss: "Two end.", stays: [undefined, "One stays."] };
  expect(sumOfOthers([{}, part, { loss: undefined }])).toEqual({
    programs: 2,
    losses: ["Two end."],
    stays: ["One stays."],
  });
});

describe("what others lose", () => {
  const session = { type: "session", command: undefined, bytesIn: 0, bytesOut: 0 };
  const guest = (name: string | undefined, channels: readonly (typeof session)[]) => ({
    ...{ id: "w1", masterId: "m1", name, pid: 7, since: 0, channels },
  });

  test("is counted, and programs are named", () => {
    const programs = [guest("git", []), guest(undefined, [])];
    expect(programsLoss([])).toBeUndefined();
    expect(programsLoss(programs.slice(0, 1))).toBe(
      "1 program on this computer loses its connection: git (7).",
    );
    expect(programsLoss(programs)).toBe(
      "2 programs on this computer lose their connection: git (7), Program (7).",
    );
    expect(programsLoss(Array(7).fill(guest("ssh", [])))).toMatch(
      /: (ssh \(7\), ){4}ssh \(7\) and 2 more\.$/,
    );
    expect(programsStay([])).toBeUndefined();
    expect(programsStay(programs.slice(0, 1))).toBe(
      "1 program on this computer keeps its connection: git (7).",
    );
  });

  test("says of how many windows the sessions are", () => {
    const [none, one, two] = [guest("a", []), guest("b", [session]), guest("c", [session, session])];
    const forwarding = guest("d", [{ ...session, type: "direct-tcpip" }]);
    expect(windowsLoss([none, forwarding])).toBeUndefined();
    expect(windowsLoss([none, one])).toMatch(/^1 session of another window ends, too; that window /);
    expect(windowsLoss([none, two])).toMatch(/^2 sessions of another window end, too; that window /);
    expect(windowsLoss([one, two])).toMatch(/^3 sessions of other windows end, too; these windows /);
    expect([[one], [two, none], [one, two]].map(sessionsElsewhereText)).toEqual([
      "1 session of another window",
      "2 sessions of another window",
      "3 sessions of other windows",
    ]);
  });
});
