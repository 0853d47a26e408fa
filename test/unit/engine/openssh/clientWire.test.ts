import type { Socket } from "node:net";
import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { wireString, wireUint32 } from "../../../../src/base/wire.ts";
import { encode, message } from "../../../../src/engine/channels/messages.ts";
import { MuxFrames } from "../../../../src/engine/mux/muxFrames.ts";
import { decodeProxyBody } from "../../../../src/engine/mux/muxMessages.ts";
import { ClientWire } from "../../../../src/engine/openssh/clientWire.ts";

let written: Buffer[];
let wire: ClientWire;

beforeEach(() => {
  written = [];
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  const ignore = (): void => {};
  wire = new ClientWire(socket as unknown as Socket, new MuxFrames(), {
    ...{ receive: ignore, received: ignore, sent: ignore, drained: ignore, malformed: ignore },
  });
});

/** What was sent since the last call, as types and first numbers. */
async function sent(): Promise<[number, number][]> {
  // The writes of one turn go out together.
  await nextTurn();
  const frames = new MuxFrames();
  for (const chunk of written.splice(0)) {
    frames.push(chunk);
  }
  const found: [number, number][] = [];
  for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
    const body = decodeProxyBody(frame);
    found.push([body?.[0] ?? 0, body?.readUInt32BE(1) ?? 0]);
  }
  return found;
}

const open = (id: number): void =>
  wire.send(encode(message.channelOpen, wireString("session"), wireUint32(id)));
const confirm = (id: number, remoteId: number): void =>
  wire.note(encode(message.channelOpenConfirmation, wireUint32(id), wireUint32(remoteId)));
const closed = (id: number): void => wire.note(encode(message.channelClose, wireUint32(id)));

const hangup = [message.channelRequest, 10] as [number, number];

test("when it leaves, it closes every channel, also one that is opened later, and waits for the server", async () => {
  open(0);
  open(1);
  open(2);
  confirm(2, 12);
  await sent();
  wire.leave();
  open(3);
  wire.sendData(12, Buffer.from("late"));
  wire.send(encode(message.channelClose, wireUint32(12)));
  expect([wire.isOwed, await sent()]).toEqual([true, [[message.channelClose, 12]]]);
  confirm(0, 10);
  wire.note(encode(message.channelOpenFailure, wireUint32(1)));
  expect([wire.isOwed, await sent()]).toEqual([true, [[message.channelClose, 10]]]);
  closed(0);
  expect([wire.isOwed, wire.isClear]).toEqual([true, false]);
  closed(2);
  expect([wire.isOwed, wire.isClear, await sent()]).toEqual([false, true, []]);
});

test("when it leaves, a close that would do harm is left to the master, and what runs there is told to end", async () => {
  wire.mind({ drain: async () => {}, hasChannel: (id) => id === 10 });
  for (const id of [0, 1]) {
    open(id);
    confirm(id, 10 + id);
  }
  await sent();
  wire.leave();
  await nextTurn();
  expect(await sent()).toEqual([hangup, [message.channelClose, 11]]);
  expect([wire.isOwed, wire.isClear]).toEqual([true, false]);
  closed(1);
  expect([wire.isOwed, wire.isClear]).toEqual([false, false]);
  closed(0);
  expect(wire.isClear).toBe(true);
});

test("a close with the number of another client's channel waits until that one has gone", async () => {
  const taken = new Set([10]);
  wire.mind({ drain: async () => {}, hasChannel: (id) => taken.has(id) });
  for (const id of [0, 1]) {
    open(id);
    confirm(id, 10 + id);
  }
  await sent();
  wire.send(encode(message.channelClose, wireUint32(10)));
  wire.send(encode(message.channelClose, wireUint32(11)));
  await nextTurn();
  expect(await sent()).toEqual([hangup, [message.channelClose, 11]]);
  wire.closeWithheld();
  expect(await sent()).toEqual([]);
  taken.clear();
  wire.closeWithheld();
  wire.closeWithheld();
  expect(await sent()).toEqual([[message.channelClose, 10]]);
});

test("what the server has closed is not told to end, and does not wait for the other client", async () => {
  const taken = new Set([10]);
  wire.mind({ drain: async () => {}, hasChannel: (id) => taken.has(id) });
  open(0);
  confirm(0, 10);
  closed(0);
  await sent();
  wire.send(encode(message.channelClose, wireUint32(10)));
  await nextTurn();
  expect(await sent()).toEqual([]);
  wire.leave();
  expect([wire.isClear, await sent()]).toEqual([true, []]);
});
