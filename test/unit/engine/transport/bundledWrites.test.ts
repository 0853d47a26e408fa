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
  socket.write(Buffer.alloc(2000, "c"));
  expect(pieces).toEqual(["a".repeat(20), "b", "c".repeat(20)]);
  socket.write(Buffer.from("d"));
  expect(pieces).toHaveLength(3);
  await nextTurn();
  expect(pieces).toHaveLength(4);
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
