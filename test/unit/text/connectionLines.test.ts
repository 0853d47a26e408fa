import { describe, expect, test } from "vitest";
import { channelLines } from "../../../src/text/connectionLines.ts";
import { FakeSession } from "../terminal/support/fakeSession.ts";
import { masterSnapshot, sessionSnapshot, start } from "../vscode/views/snapshots.ts";

describe("the sessions that ~# lists", () => {
  test("have the names in the tree, without ids, and the terminal's own has a star", () => {
    const sessions = [
      sessionSnapshot({ id: "s1", title: "web1" }),
      sessionSnapshot({ id: "s2", title: "build log", kind: "command", bytesIn: 2048 }),
    ];
    expect(channelLines(new FakeSession(), [masterSnapshot({ sessions })], start + 60_000)).toEqual([
      "The following sessions are open on the connection to alice@10.0.0.5:",
      '  * terminal "web1" (open, 1 min, 0 B received)',
      '    command "build log" (open, 1 min, 2.0 KiB received)',
    ]);
  });

  test("are none when the connection has ended", () => {
    expect(channelLines(new FakeSession(), [], start)).toEqual(["The connection has ended."]);
  });
});
