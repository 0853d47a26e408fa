import { expect, test } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import { parseForward } from "../../../../src/config/forwardSpec.ts";
import type { ForwardSnapshot } from "../../../../src/forward/forwardTypes.ts";
import { StoppedForward } from "../../../../src/forward/stoppedForward.ts";
import type { MasterSnapshot } from "../../../../src/session/masterSnapshotTypes.ts";
import { atTop, RowKind } from "../../../../src/vscode/views/row.ts";
import { forwardFolds, forwardRows } from "../../../../src/vscode/views/rows/forwardRows.ts";
import { connectionTarget } from "../../../../src/vscode/views/targets.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { masterSnapshot, sessionSnapshot, start } from "./snapshots.ts";

const fromBefore = (id: string, host: string): ForwardSnapshot =>
  new StoppedForward(id, { host, spec: parseForward("8080:db:5432") }, start).snapshot();

/** Each row of a forward: its id, the connection below which it is, its description, and its connection as a target. */
function places(masters: readonly MasterSnapshot[], all: readonly ForwardSnapshot[]) {
  const service = { masters: () => masters };
  const masterRows = new RowKind<MasterSnapshot>({
    name: "master",
    places: [atTop(() => masters)],
    key: ({ id }) => id,
    present: () => ({
      label: "",
      description: "",
      icon: { id: "" },
      contextValue: "",
      hover: "",
      accessibleLabel: "",
    }),
    targets: () => [],
  });
  const init = {
    forwards: { forwards: () => all, onDidChange: new Emitter<void>().event },
    ...{ service, clock: new ManualClock(), home: "/home/a" },
  };
  const folds = forwardFolds(masterRows, init);
  const rows = forwardRows(folds, init);
  return [undefined, ...masterRows.rowsBelow(undefined)].flatMap((parent) =>
    folds
      .rowsBelow(parent)
      .flatMap((fold) => rows.rowsBelow(fold))
      .map((row) => [
        rows.about(row)?.id,
        parent?.key,
        rows.present(row)?.description,
        connectionTarget.in(rows.targets(row)),
      ]),
  );
}

test("a forward without a connection stands below one to its host, and apart with its host's name if there is none", () => {
  const masters = [
    masterSnapshot({ id: "m1", spec: "web1", sessions: [] }),
    masterSnapshot({ id: "m2", spec: "me@web2:2222", sessions: [sessionSnapshot({ spec: "www" })] }),
    masterSnapshot({ id: "m3", spec: "web1", sessions: [], overflow: true }),
  ];
  const all = [fromBefore("f1", "web1"), fromBefore("f2", "www"), fromBefore("f3", "db")];
  expect(places(masters, all)).toEqual([
    ["f3", undefined, "from before · db", undefined],
    ["f1", "m1", "from before", "m1"],
    ["f2", "m2", "from before", "m2"],
  ]);
  expect(places([], all).map(([id, parent]) => [id, parent])).toEqual([
    ["f1", undefined],
    ["f2", undefined],
    ["f3", undefined],
  ]);
});

test("a forward whose connection was replaced by another one of its host moves there", () => {
  const gone = { ...fromBefore("f1", "web1"), masterId: "m1" };
  expect(places([masterSnapshot({ id: "m7" })], [gone])).toEqual([["f1", "m7", "from before", "m7"]]);
  expect(places([], [gone])).toEqual([["f1", undefined, "from before · web1", undefined]]);
});
