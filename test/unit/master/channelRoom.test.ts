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

  it("sessions of other programs take room, too, and give it back", async () => {
    let others = 2;
    const room = new ChannelRoom(undefined, () => others);
    expect(room.wasUsed).toBe(true);
    room.noteOthers();
    await expect(room.open(() => Promise.reject(refused()), never)).rejects.toThrow("no room");
    expect([room.limit, room.isFull]).toEqual([2, true]);
    room.noteOthers();
    expect(room.limit).toBe(2);
    others = 3;
    room.noteOthers();
    expect(room.isFull).toBe(true);
    others = 2;
    room.noteOthers();
    expect([room.limit, room.isFull]).toEqual([undefined, false]);
    others = 0;
    expect(room.wasUsed).toBe(false);
  });

  it("another program's refusal counts like one of ours, but not without any session", async () => {
    let others = 0;
    const room = new ChannelRoom(undefined, () => others);
    room.noteRefusal();
    expect(room.limit).toBeUndefined();
    const mine = request(room);
    mine.accept();
    await mine.settled;
    others = 1;
    room.noteRefusal();
    expect([room.limit, room.isFull]).toEqual([2, true]);
  });

  it("a session that ends gives its room back", async () => {
    const room = new ChannelRoom(1);
    const channel = new FakeChannel(spec);
    await room.open(async () => channel, never);
    expect([room.isFull, room.wasUsed]).toEqual([true, true]);
    channel.end({ code: 0 });
    expect([room.limit, room.isFull, room.wasUsed]).toEqual([undefined, false, true]);
    const next = request(room);
    next.refuse();
    await next.settled;
    expect(room.limit).toBeUndefined();
  });

  it("a failure that is no refusal says nothing about the room", async () => {
    const room = new ChannelRoom(undefined);
    const mine = request(room);
    mine.accept();
    await mine.settled;
    const late = new ChannelError("timed-out", "late");
    await expect(room.open(() => Promise.reject(late), never)).rejects.toBe(late);
    expect([room.limit, room.isFull]).toEqual([undefined, false]);
  });
});
