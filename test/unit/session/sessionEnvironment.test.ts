import { expect, it } from "vitest";
import { sessionEnvironment } from "../../../src/session/sessionEnvironment.ts";

const local = { LANG: "C.UTF-8", LC_ALL: "C", LC_TIME: "de", SECRET: "x", "A.B": "dot" };

it.each([
  [["LANG", "LC_*"], {}, {}, { LANG: "C.UTF-8", LC_ALL: "C", LC_TIME: "de" }],
  [["LC_*", "-LC_T*"], {}, {}, { LC_ALL: "C" }],
  [["LC_AL?"], { LC_ALL: "fr" }, {}, { LC_ALL: "fr" }],
  [[], { A: "1" }, { A: "2" }, { A: "2" }],
  [["A.?", "L.NG"], {}, {}, { "A.B": "dot" }],
])("SendEnv %j, SetEnv %j, extra %j", (sendEnv, setEnv, extra, expected) => {
  expect(sessionEnvironment({ sendEnv, setEnv }, local, extra)).toEqual(expected);
});
