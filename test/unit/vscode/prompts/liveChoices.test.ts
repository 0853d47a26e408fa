import { describe, expect, it } from "vitest";
import { type LiveChoice, liveChoices } from "../../../../src/vscode/prompts/liveChoices.ts";
import { ItemPresenter } from "../../../../src/vscode/views/itemPresenter.ts";
import { connectionTarget, sessionTarget, type Target } from "../../../../src/vscode/views/targets.ts";
import { masterSnapshot, sessionSnapshot, start } from "../views/snapshots.ts";

const masters = [
  masterSnapshot({ sessions: [sessionSnapshot()] }),
  masterSnapshot({
    id: "m2",
    spec: "db1",
    sessions: [
      sessionSnapshot({ id: "s2", masterId: "m2", spec: "db1", title: "db1" }),
      sessionSnapshot({ id: "s3", masterId: "m2", spec: "db1", title: "db1 (2)" }),
    ],
  }),
];

function choices(what: LiveChoice, ...near: Target[]) {
  const { groups, startsSelected } = liveChoices(
    masters,
    what,
    near,
    new ItemPresenter({ now: () => start }, "/home/a"),
  );
  return { ids: groups.flatMap(({ rows }) => rows.map(({ id }) => id)), startsSelected };
}

describe("the rows of a choice among connections and sessions", () => {
  it("without an active terminal, nothing that could end is selected", () => {
    expect(choices("all")).toEqual({ ids: ["m1", "s1", "m2", "s2", "s3"], startsSelected: false });
  });

  it("the active terminal's session comes first, then its connection, and is selected", () => {
    expect(choices("all", sessionTarget.of("s3"), connectionTarget.of("m2"))).toEqual({
      ids: ["s3", "m2", "s2", "m1", "s1"],
      startsSelected: true,
    });
  });

  it("the connection of an active terminal that waits to reconnect is selected", () => {
    expect(choices("all", sessionTarget.of("s9"), connectionTarget.of("m2"))).toEqual({
      ids: ["m2", "s2", "s3", "m1", "s1"],
      startsSelected: true,
    });
  });

  it("an active terminal whose session has ended selects no other host", () => {
    expect(choices("all", sessionTarget.of("s9")).startsSelected).toBe(false);
  });

  it("the first row is selected if a choice does no harm", () => {
    expect(choices("sessions")).toEqual({ ids: ["s1", "s2", "s3"], startsSelected: true });
  });
});
