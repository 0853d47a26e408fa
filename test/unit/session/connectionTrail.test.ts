import { describe, expect, it } from "vitest";
import { ConnectionTrail } from "../../../src/session/connectionTrail.ts";
import { DetailsHistory } from "../../../src/session/detailsHistory.ts";
import type { MasterSnapshot } from "../../../src/session/masterSnapshotTypes.ts";
import { connectionPage } from "../../../src/text/detailsPage.ts";
import { masterSnapshot, sessionSnapshot, start } from "../vscode/views/snapshots.ts";

const nobody = new Set<string>();
const at = (seconds: number): number => start + seconds * 1000;
const hung: MasterSnapshot["state"] = { kind: "hung", since: at(5), silentSince: start };
const reconnecting: MasterSnapshot["state"] = {
  kind: "reconnecting",
  since: at(9),
  reason: "unresponsive",
  attempting: true,
  until: undefined,
};
const second = masterSnapshot({
  id: "m2",
  since: at(20),
  state: { kind: "ready", since: at(20) },
  sessions: [],
});

describe("the trail of a connection", () => {
  it("follows the host to its next connection, and keeps the states in between", () => {
    const trail = new ConnectionTrail(masterSnapshot());
    trail.update([masterSnapshot({ state: hung })], nobody, at(5));
    trail.update([masterSnapshot({ state: { ...hung, silentSince: at(1) } })], nobody, at(6));
    trail.update([masterSnapshot({ state: reconnecting })], nobody, at(9));
    expect(trail.master.id).toBe("m1");
    for (const now of [20, 21]) {
      trail.update([second], nobody, at(now));
    }
    expect(trail.master).toBe(second);
    expect([...trail.past.ids]).toEqual(["m1", "m2"]);
    const page = connectionPage(trail.master, [], new DetailsHistory(), at(21), trail.past);
    expect(page.state.text).toBe("ready");
    expect(page.timeline.map(({ offset, label }) => `${offset} ${label}`)).toEqual([
      "+0 ms Connected",
      "+5000 ms State: hung",
      "+9000 ms State: reconnecting",
      "+20 s Connected",
    ]);
  });

  it("notes that a silent connection is ready again", () => {
    const trail = new ConnectionTrail(masterSnapshot({ state: hung }));
    trail.update([masterSnapshot({ state: { kind: "ready", since: at(7) } })], nobody, at(7));
    expect(trail.past.states).toEqual([
      { at: at(5), kind: "hung" },
      { at: at(7), kind: "ready" },
    ]);
  });

  it.each([
    ["ready", "closed", { kind: "ready", since: start }],
    ["reconnecting", "lost", reconnecting],
  ] as const)("one that disappeared while %s is %s, until there is another one", (_, kind, state) => {
    const trail = new ConnectionTrail(masterSnapshot({ state, sessions: [sessionSnapshot()] }));
    for (const now of [30, 31]) {
      trail.update([], nobody, at(now));
    }
    expect(trail.master).toMatchObject({ id: "m1", state: { kind, since: at(30) }, sessions: [] });
    trail.update([second], nobody, at(40));
    expect(trail.master.id).toBe("m2");
  });

  it("stays with an ended one that is still listed, and leaves it for the next", () => {
    const lost = masterSnapshot({ state: { kind: "lost", since: at(9), reason: "unresponsive" } });
    const trail = new ConnectionTrail(masterSnapshot());
    trail.update([lost], nobody, at(9));
    expect(trail.master).toBe(lost);
    trail.update([lost, second], nobody, at(20));
    expect(trail.master).toBe(second);
  });

  it("takes no other destination, no other route and no connection that another trail follows", () => {
    const trail = new ConnectionTrail(masterSnapshot());
    const others = [
      masterSnapshot({ id: "m3", destination: { user: "alice", hostName: "10.0.0.5", port: 23 } }),
      masterSnapshot({ id: "m4", destination: { user: "root", hostName: "10.0.0.5", port: 22 } }),
      masterSnapshot({ id: "m5", via: ["jump1"] }),
      second,
    ];
    trail.update(others, new Set(["m2"]), at(1));
    expect(trail.master.id).toBe("m1");
  });

  it("prefers the connection of the same typed host", () => {
    const trail = new ConnectionTrail(masterSnapshot());
    trail.update([masterSnapshot({ id: "m2", spec: "web" }), masterSnapshot({ id: "m3" })], nobody, at(1));
    expect(trail.master.id).toBe("m3");
  });
});

it("a lost connection's page counts no ended session, and says nothing of replies", () => {
  const ended = sessionSnapshot({
    state: { kind: "ended", since: at(9), outcome: { kind: "lost", reason: "unresponsive" } },
  });
  const rows = (state: MasterSnapshot["state"]) =>
    Object.fromEntries(
      connectionPage(
        masterSnapshot({ state, sessions: [ended] }),
        [],
        new DetailsHistory(),
        at(9),
      ).sections.flatMap((each) => each.rows),
    );
  expect(rows(reconnecting)).toMatchObject({ Sessions: "0", State: "reconnecting", web1: "terminal, waits" });
  expect(rows(reconnecting)).not.toHaveProperty("Replies to keepalive");
  expect(rows(hung)).toMatchObject({ "Replies to keepalive": "no" });
  expect(rows({ kind: "ready", since: start })).toMatchObject({ "Replies to keepalive": "yes" });
});
