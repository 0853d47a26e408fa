import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { relay } from "../../../src/forward/relay.ts";
import { FakeChannel } from "../../support/fakeEngine.ts";

const packetSize = 32 * 1024;

/** Both ends of a connection on loopback: the relay's, and its program's, which does not read yet. */
async function socketPair(): Promise<{ ours: Socket; theirs: Socket }> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const address = server.address();
  const theirs = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  const [ours] = (await accepted) as [Socket];
  server.close();
  onTestFinished(() => {
    ours.destroy();
    theirs.destroy();
  });
  return { ours, theirs };
}

function join(socket: Socket, ownsChunks: boolean): FakeChannel {
  const channel = Object.assign(new FakeChannel({} as FakeChannel["spec"]), { ownsChunks });
  relay({ channel, socket, idleLimit: 0, count: () => {}, ended: () => {} });
  return channel;
}

/** Sends packets, each filled with its number, until the socket keeps one. */
function fill(channel: FakeChannel, socket: Socket): Buffer[] {
  const packets: Buffer[] = [];
  while (socket.writableLength === 0) {
    const data = Buffer.allocUnsafeSlow(packetSize).fill(packets.length % 256);
    packets.push(data);
    channel.received.fire({ kind: "stdout", data });
  }
  return packets;
}

test("the memory of each packet is freed as soon as the kernel has taken it, and not before", async () => {
  const { ours, theirs } = await socketPair();
  const channel = join(ours, true);
  const packets = fill(channel, ours);
  const kept = packets.pop();
  expect(kept).toHaveLength(packetSize);
  expect(packets.length).toBeGreaterThan(0);
  expect(packets.filter(({ length }) => length > 0)).toEqual([]);

  const expected = (packets.length + 1) * packetSize;
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of theirs as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.length;
    if (length === expected) {
      break;
    }
  }
  const received = Buffer.concat(pieces);
  expect(received.every((byte, at) => byte === Math.floor(at / packetSize) % 256)).toBe(true);
});

test("the packets of a channel that shares its memory are left alone", async () => {
  const { ours } = await socketPair();
  const packets = fill(join(ours, false), ours);
  expect(packets.every(({ length }) => length === packetSize)).toBe(true);
});
