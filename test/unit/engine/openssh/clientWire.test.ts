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

test("leaving closes each open channel once, and is done when the server has closed them all", async () => {
  for (const id of [0, 1, 2]) {
    open(id);
    confirm(id, 10 + id);
  }
  wire.send(encode(message.channelClose, wireUint32(11)));
  closed(2);
  await sent();
  wire.leave();
  expect(await sent()).toEqual([
    [message.channelClose, 10],
    [message.channelClose, 12],
  ]);
  expect(wire.isClear).toBe(false);
  closed(0);
  closed(1);
  expect(wire.isClear).toBe(true);
});

test("a channel that opens after that is closed at once, and nothing else is sent", async () => {
  open(0);
  open(1);
  await sent();
  wire.leave();
  open(2);
  wire.sendData(10, Buffer.from("late"));
  expect([wire.unanswered, await sent()]).toEqual([2, []]);
  confirm(0, 10);
  wire.note(encode(message.channelOpenFailure, wireUint32(1)));
  expect([wire.unanswered, wire.isClear, await sent()]).toEqual([0, false, [[message.channelClose, 10]]]);
  closed(0);
  expect(wire.isClear).toBe(true);
});
