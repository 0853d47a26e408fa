import { expect, test } from "vitest";
import { rowsAtStake } from "../../../../src/vscode/commands/sessionsAtStake.ts";
import { masterSnapshot, sessionSnapshot } from "../views/snapshots.ts";

const nobody = { programs: 0, losses: [], stays: [] };
const session = (id: string, spec: string) => sessionSnapshot({ id, spec });
const masters = [
  masterSnapshot({ id: "m1", spec: "web1", sessions: [session("s1", "web1"), session("s2", "web1")] }),
  masterSnapshot({ id: "m2", spec: "own1", sessions: [session("s3", "own1")] }),
];

test.each([
  ["a connection", ["m1"], { sessions: 2, host: "web1", endsConnection: true }],
  ["sessions of one host", ["s1", "s2"], { sessions: 2, host: "web1", endsConnection: false }],
  ["a connection and a session on it", ["m1", "s1"], { sessions: 2, host: "web1", endsConnection: true }],
  ["a connection and one that is gone", ["m2", "gone"], { sessions: 1, host: "own1", endsConnection: true }],
])("%s: the host is named", (_, ids, expected) => {
  expect(rowsAtStake(ids, masters, nobody)).toEqual({ ...expected, ...nobody });
});

test.each([
  ["ends for this window alone", { stays: ["It stays."] }, false],
  ["stays with some and ends for others", { stays: ["It stays."], losses: ["Others use it."] }, true],
])("a connection that %s", (_, others, endsConnection) => {
  expect(rowsAtStake(["m1"], masters, { ...nobody, ...others })).toMatchObject({
    sessions: 2,
    endsConnection,
  });
});

test.each([
  ["two connections", ["m1", "m2"], 3],
  ["sessions of two hosts", ["s1", "s3"], 2],
])("%s: no host is named", (_, ids, sessions) => {
  const atStake = rowsAtStake(ids, masters, { ...nobody, losses: ["Others use it."] });
  expect(atStake).toMatchObject({ sessions, losses: ["Others use it."] });
  expect(atStake.host).toBeUndefined();
});
