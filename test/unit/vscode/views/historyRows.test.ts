import { expect, it } from "vitest";
import { Emitter } from "../../../../src/base/emitter.ts";
import type { MasterSnapshot } from "../../../../src/session/masterSnapshotTypes.ts";
import type { SessionService } from "../../../../src/session/sessionServiceTypes.ts";
import type { SessionSnapshot } from "../../../../src/session/sessionTypes.ts";
import { historyRow } from "../../../../src/vscode/views/rows/historyRows.ts";
import { masterSnapshot, sessionSnapshot, start } from "./snapshots.ts";

const ended = (id: string): SessionSnapshot =>
  sessionSnapshot({
    ...{ id, state: { kind: "ended", since: start, outcome: { kind: "lost", reason: "connection-lost" } } },
    outcome: { kind: "lost", reason: "connection-lost" },
  });

/** The description of the row; undefined: there is none. */
function shown(masters: readonly MasterSnapshot[], history: readonly SessionSnapshot[]): string | undefined {
  const service: Pick<SessionService, "masters" | "history" | "onDidChange"> = {
    masters: () => masters,
    history: () => history,
    onDidChange: new Emitter<void>().event,
  };
  const row = historyRow(service);
  const [only] = row.rowsBelow(undefined);
  return only && row.present(only)?.description;
}

it("Ended does not count a session that waits to reconnect", () => {
  const [waits, over] = [ended("s1"), ended("s2")];
  const master = masterSnapshot({ sessions: [waits] });
  expect(shown([master], [waits])).toBeUndefined();
  expect(shown([master], [waits, over])).toBe("1 session with errors");
  expect(shown([], [waits, over])).toBe("2 sessions with errors");
});
