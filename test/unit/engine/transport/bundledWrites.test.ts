import { once } from "node:events";
import { connect, createServer } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { bundleWrites } from "../../../../src/engine/transport/bundledWrites.ts";

/** A stream that records each piece that it receives, with its writes bundled. */
function bundled(ownsPieces = false) {
  const pieces: string[] = [];
  const socket = new PassThrough();
  socket._write = (data: Buffer, _encoding, done) => {
    pieces.push(data.toString("latin1", 0, 20));
    done();
  };
  const writes = bundleWrites(
    socket,
    () => {},
    () => {},
    ownsPieces,
  );
  return { socket, pieces, writes };
}

test("the writes of several callbacks of one turn are handed on together, in order", async () => {
  const { socket, pieces } = bundled();
  socket.write(Buffer.from("a"));
  await Promise.resolve();
  process.nextTick(() => socket.write(Buffer.from("b")));
  await new Promise((resolve) => process.nextTick(resolve));
  expect(pieces).toEqual([]);
  await nextTurn();
  expect(pieces).toEqual(["ab"]);
  socket.write(Buffer.from("c"));
  await nextTurn();
  expect(pieces).toEqual(["ab", "c"]);
});

test("a large piece does not overtake the small ones before it", async () => {
  const { socket, pieces } = bundled();
  for (const text of ["a", "b", "C".repeat(5_000), "d"]) {
    socket.write(Buffer.from(text));
  }
  await nextTurn();
  expect(pieces).toEqual(["ab", "C".repeat(20), "d"]);
});

test("what is much is handed on at once, but never without the last piece of a packet", async () => {
  const socket = new PassThrough({ highWaterMark: 1_000_000 });
  const handed: number[] = [];
  socket._write = (data: Buffer, _encoding, done) => {
    handed.push(data.length);
    done();
  };
  bundleWrites(
    socket,
    () => {},
    () => {},
  );
  const [head, data, tag] = [Buffer.alloc(4), Buffer.alloc(32_784), Buffer.alloc(16)];
  const packets = [1, 2, 3, 4, 5].map(() => {
    for (const piece of [head, data, tag]) {
      socket.write(piece);
    }
    return handed.reduce((sum, length) => sum + length, 0) / (head.length + data.length + tag.length);
  });
  expect(packets).toEqual([0, 0, 3, 3, 3]);
  await nextTurn();
  expect(handed).toEqual([4, 32_784, 20, 32_784, 20, 32_784, 16, 4, 32_784, 20, 32_784, 16]);
});

test("small pieces that a socket does not take stay joined", async () => {
  const socket = new PassThrough();
  const handed: number[] = [];
  let take = (): void => {};
  socket._write = (data: Buffer, _encoding, done) => {
    handed.push(data.length);
    take = done;
  };
  bundleWrites(
    socket,
    () => {},
    () => {},
  );
  for (let count = 0; count < 10_000; count++) {
    socket.write(Buffer.alloc(100));
  }
  await nextTurn();
  // The first ones are handed on, and the socket is busy with them.
  for (let before = 0; before < handed.length; ) {
    before = handed.length;
    take();
    await nextTurn();
  }
  expect(handed.reduce((sum, length) => sum + length, 0)).toBe(1_000_000);
  expect(handed.length).toBeLessThan(100);
});

test("many small pieces stay in order, and their memory may change at once", async () => {
  const socket = new PassThrough();
  bundleWrites(
    socket,
    () => {},
    () => {},
  );
  const piece = Buffer.alloc(1000);
  const expected: Buffer[] = [];
  for (let count = 0; count < 50; count++) {
    piece.fill(count);
    expected.push(Buffer.from(piece));
    socket.write(piece);
  }
  socket.end();
  expect(await buffer(socket)).toEqual(Buffer.concat(expected));
});

test("what is written with an encoding or a callback keeps its place", async () => {
  const { socket, pieces } = bundled();
  const taken: string[] = [];
  socket.write(Buffer.from("a"));
  socket.write("62", "hex", () => taken.push("b"));
  socket.write(Buffer.from("c"), () => taken.push("c"));
  await nextTurn();
  await nextTurn();
  expect([pieces, taken]).toEqual([
    ["a", "b", "c"],
    ["b", "c"],
  ]);
});

test("more than 96 KiB do not wait for the end of the turn", async () => {
  const { socket, pieces } = bundled();
  socket.resume();
  socket.write(Buffer.alloc(96 * 1024, "a"));
  expect(pieces).toEqual([]);
  socket.write(Buffer.from("b"));
  expect(pieces).toEqual(["a".repeat(20), "b"]);
  // Without a small piece, a packet's length more.
  socket.write(Buffer.alloc(130 * 1024, "c"));
  expect(pieces).toHaveLength(2);
  socket.write(Buffer.alloc(3 * 1024, "d"));
  expect(pieces).toHaveLength(4);
  socket.write(Buffer.from("e"));
  expect(pieces).toHaveLength(4);
  await nextTurn();
  expect(pieces).toHaveLength(5);
});

test("flush and end do not wait for the end of the turn", async () => {
  const { socket, pieces, writes } = bundled();
  socket.write(Buffer.from("a"));
  writes.flush();
  expect(pieces).toEqual(["a"]);
  const finished = once(socket, "finish");
  socket.write(Buffer.from("b"));
  socket.end();
  expect(pieces).toEqual(["a", "b"]);
  await finished;
});

test("nothing is written to a stream that was destroyed in the meantime", async () => {
  const { socket, pieces } = bundled();
  socket.write(Buffer.from("a"));
  socket.destroy();
  await nextTurn();
  expect(pieces).toEqual([]);
  expect(socket).toBeInstanceOf(Writable);
});

test("the memory of large pieces that only the socket uses is freed once the system has taken them", async () => {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const socket = connect(typeof address === "object" ? (address?.port ?? 0) : 0, "127.0.0.1");
  const [peer] = await once(server, "connection");
  bundleWrites(
    socket,
    () => {},
    () => {},
    true,
  );
  const large = Buffer.allocUnsafeSlow(32 * 1024).fill("a");
  const small = Buffer.from("b");
  const shared = Buffer.alloc(64 * 1024, "c").subarray(0, 32 * 1024);
  const expected = Buffer.concat([large, small, shared]);
  for (const piece of [large, small, shared]) {
    socket.write(piece);
  }
  socket.end();
  expect(await buffer(peer)).toEqual(expected);
  server.close();
  expect([large.length, small.length, shared.length]).toEqual([0, 1, 32 * 1024]);
});

test("the memory of pieces is not freed when others may use it, or when the stream may keep it", async () => {
  const large = Buffer.allocUnsafeSlow(32 * 1024).fill("a");
  for (const ownsPieces of [false, true]) {
    const { socket } = bundled(ownsPieces);
    socket.write(large);
    await nextTurn();
    await nextTurn();
    expect(large.length).toBe(32 * 1024);
  }
});
