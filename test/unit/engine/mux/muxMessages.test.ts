import { describe, expect, test } from "vitest";
import { WireReader, wireString, wireUint32 } from "../../../../src/base/wire.ts";
import { MuxFrames } from "../../../../src/engine/mux/muxFrames.ts";
import {
  decodeProxyBody,
  encodeMux,
  encodeMuxHello,
  encodeProxyFrame,
  largestMuxFrame,
  muxType,
} from "../../../../src/engine/mux/muxMessages.ts";

function bodies(frames: MuxFrames): Buffer[] {
  const found: Buffer[] = [];
  for (let body = frames.next(); body !== undefined; body = frames.next()) {
    found.push(body);
  }
  return found;
}

describe("frames of OpenSSH's multiplexing protocol", () => {
  test("the hello has the same bytes as OpenSSH's", () => {
    expect(encodeMuxHello().toString("hex")).toBe("000000080000000100000004");
  });

  test("a request has its type, its id and its fields", () => {
    const frames = new MuxFrames();
    frames.push(encodeMux(muxType.permissionDenied, wireUint32(7), wireString("no")));
    const reader = new WireReader(frames.next() ?? Buffer.alloc(0));
    expect([reader.uint32(), reader.uint32(), reader.text(), reader.left]).toEqual([
      muxType.permissionDenied,
      7,
      "no",
      0,
    ]);
  });

  test.each([1, 2, 3, 5, 7, 1000])("frames are found in pieces of %i bytes", (size) => {
    const messages = [Buffer.of(94, 1, 2, 3, 4, 5), Buffer.of(82), Buffer.alloc(300, 9)];
    const stream = Buffer.concat(messages.map(encodeProxyFrame));
    const frames = new MuxFrames();
    const found: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) {
      frames.push(stream.subarray(at, at + size));
      found.push(...bodies(frames));
    }
    expect(found.map(decodeProxyBody)).toEqual([
      messages[0],
      // OpenSSH's clients refuse a shorter body.
      Buffer.of(82, 0, 0, 0),
      messages[2],
    ]);
    expect(frames.bytes).toBe(0);
  });

  test.each([1, 4, 100])("the bytes of passed descriptors are skipped, in pieces of %i bytes", (size) => {
    const stream = Buffer.concat([encodeMux(muxType.newSession), Buffer.alloc(3), encodeMuxHello()]);
    const frames = new MuxFrames();
    const found: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) {
      frames.push(stream.subarray(at, at + size));
      for (let body = frames.next(); body !== undefined; body = frames.next()) {
        found.push(body);
        if (body.readUInt32BE() === muxType.newSession) {
          frames.skip(3);
        }
      }
    }
    expect(found.map((body) => body.readUInt32BE())).toEqual([muxType.newSession, muxType.hello]);
  });

  test("the largest frame is accepted, and a larger one is an error before it has arrived", () => {
    const frames = new MuxFrames();
    frames.push(wireString(Buffer.alloc(largestMuxFrame)));
    expect(frames.next()?.length).toBe(largestMuxFrame);
    frames.push(wireUint32(largestMuxFrame + 1));
    expect(() => frames.next()).toThrow(RangeError);
  });

  test.each([
    ["empty", Buffer.alloc(0)],
    ["without a message", Buffer.of(0)],
    ["with padding", Buffer.of(1, 94, 0)],
  ])("a body that is %s is malformed", (_, body) => {
    expect(decodeProxyBody(body)).toBeUndefined();
  });
});
