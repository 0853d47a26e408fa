import { describe, expect, it } from "vitest";
import type { EngineChannel } from "../../../src/engine/connectionEngine.ts";
import { ChannelError } from "../../../src/engine/engineErrors.ts";
import { ChannelRoom } from "../../../src/master/channelRoom.ts";
import { FakeChannel } from "../../support/fakeEngine.ts";
import { settle } from "../../support/manualClock.ts";

const never = new AbortController().signal;
const refused = () => new ChannelError("refused", "no room", { code: 1 });
const spec = { request: { type: "shell" }, env: {} } as const;

/** A reply that the test gives later. */
function request(room: ChannelRoom) {
  let accept: (channel: EngineChannel) => void = () => {};
  let refuse: (error: Error) => void = () => {};
  const answer = new Promise<EngineChannel>((resolve, reject) => {
    accept = resolve;
    refuse = reject;
  });
  const result = room.open(() => answer, never);
  const settled = result.then(
    () => "open",
    () => "refused",
  );
  return { settled, accept: () => accept(new FakeChannel(spec)), refuse: () => refuse(refused()) };
}

describe("room for sessions on a connection", () => {
  it("a refusal that arrives before an acceptance is evaluated when both are known", async () => {
    const room = new ChannelRoom(undefined);
    const requests = Array.from({ length: 5 }, () => request(room));
    // The shells of the first two start slowly; the server has refused the others meanwhile.
    for (const late of requests.slice(2)) {
      late.refuse();
    }
    await settle();
    expect([room.limit, room.wasUsed]).toEqual([undefined, false]);
    requests[0]?.accept();
    requests[1]?.accept();
    expect(await Promise.all(requests.map(({ settled }) => settled))).toEqual([
      "open",
      "open",
      "refused",
      "refused",
      "refused",
    ]);
    expect([room.limit, room.isFull, room.wasUsed]).toEqual([2, true, true]);
  });

  it("a server that refuses every session is not full: it has no room at all", async () => {
    const room = new ChannelRoom(undefined);
    const requests = Array.from({ length: 3 }, () => request(room));
    for (const each of requests) {
      each.refuse();
    }
    await Promise.all(requests.map(({ settled }) => settled));
    expect([room.limit, room.isFull, room.wasUsed]).toEqual([undefined, false, false]);
  });

  it("the limit of another connection is used, counting pending requests", async () => {
    const room = new ChannelRoom(2);
    const first = request(room);
    expect(room.isFull).toBe(false);
    const second = request(room);
    expect(room.isFull).toBe(true);
    first.accept();
    second.refuse();
    await Promise.all([first.settled, second.settled]);
    expect(room.limit).toBe(1);
  });

  it("a refusal does not wait for aborted sessions", async () => {
    const room = new ChannelRoom(undefined);
    const gaveUp = new AbortController();
    request(room);
    const mine = room.open(() => Promise.reject(refused()), gaveUp.signal);
    gaveUp.abort(new Error("given up"));
    await expect(mine).rejects.toThrow("given up");
  });
});
