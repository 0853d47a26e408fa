/** Hostile servers without the expectations of a single test: for attacks on a whole stack. */
import { createDiffieHellmanGroup } from "node:crypto";
import { peerSends } from "../../support/channelMessages.ts";
import { bool, Compressor, msg, str, u32 } from "./hostilePackets.ts";
import type { HostileOptions, HostilePeer } from "./hostileServer.ts";

export interface HostileServer {
  readonly name: string;
  /** Resolves when the server has finished its attack; some continue until the client has disconnected. */
  readonly serve: (peer: HostilePeer, size: number) => Promise<unknown>;
  readonly options?: HostileOptions;
  /** Lines of ssh_config for it. */
  readonly config?: string;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Sends the message the given number of times, some in each turn. Ends with the connection. */
async function flood(peer: HostilePeer, count: number, message: Buffer): Promise<void> {
  for (let sent = 0; sent < count && !peer.ended; sent += 50) {
    const packets = Array.from({ length: 50 }, () => peer.seal(message));
    if (!peer.raw(Buffer.concat(packets))) {
      await Promise.race([new Promise((resolve) => peer.stream.once("drain", resolve)), peer.gone]);
    }
    await turn();
  }
}

async function toFirstAttempt(peer: HostilePeer): Promise<void> {
  await peer.startLogin();
  await peer.nextOf(50);
}

const afterLogin =
  (message: Buffer) =>
  async (peer: HostilePeer, size: number): Promise<void> => {
    await peer.letIn();
    await flood(peer, size, message);
  };

const inLogin =
  (message: Buffer) =>
  async (peer: HostilePeer, size: number): Promise<void> => {
    await toFirstAttempt(peer);
    await flood(peer, size, message);
    peer.end();
  };

/** Group exchange with a number that is not prime: testing that would take seconds. */
function largeGroup(): HostileOptions {
  const prime = Buffer.from(createDiffieHellmanGroup("modp18").getPrime());
  prime[500] = (prime[500] ?? 0) ^ 1;
  return {
    kex: ["diffie-hellman-group-exchange-sha256"],
    group: { prime, generator: Buffer.of(2) },
    publicNumber: Buffer.from("0123456789abcdef", "hex"),
  };
}

const question = msg(60, str(""), str(""), str(""), u32(1), str("x".repeat(32_000)), bool(false));
const globalRequest = msg(80, str("anything@example.org"), bool(true));

export const hostileServers: readonly HostileServer[] = [
  { name: "a group of 8192 bits that is not prime", serve: (peer) => peer.letIn(), options: largeGroup() },
  {
    name: "endless lines before the version line",
    serve: async (peer) => {
      while (!peer.ended) {
        peer.raw(`${"x".repeat(8_000)}\r\n`.repeat(10));
        await turn();
      }
    },
  },
  {
    name: "random bytes instead of packets",
    serve: async (peer) => {
      peer.sendVersion();
      for (let time = 0; time < 1_000 && !peer.ended; time++) {
        peer.raw(Buffer.alloc(1_000, time));
        await turn();
      }
      peer.end();
    },
  },
  { name: "endless refusals", serve: inLogin(msg(51, str("password"), bool(false))) },
  { name: "endless questions without a request", serve: inLogin(question) },
  { name: "endless banners", serve: inLogin(msg(53, str("x\n".repeat(5_000)), str(""))) },
  { name: "unknown messages during the login", serve: inLogin(msg(200, str("what"))) },
  {
    name: "endless key exchanges",
    serve: async (peer) => {
      await peer.letIn();
      while (!peer.ended) {
        await peer.exchange();
      }
    },
  },
  { name: "IGNORE", serve: afterLogin(msg(2, str(Buffer.alloc(100)))) },
  { name: "DEBUG", serve: afterLogin(msg(4, bool(true), str("x\ny"), str(""))) },
  { name: "UNIMPLEMENTED", serve: afterLogin(msg(3, u32(7))) },
  { name: "unknown messages", serve: afterLogin(msg(200, str("what"))) },
  { name: "late banners", serve: afterLogin(msg(53, str("x\n".repeat(100)), str(""))) },
  { name: "global requests", serve: afterLogin(globalRequest) },
  { name: "channel opens", serve: afterLogin(msg(90, str("session"), u32(1), u32(1_000), u32(1_000))) },
  {
    name: "agent channel opens",
    serve: afterLogin(msg(90, str("auth-agent@openssh.com"), u32(1), u32(1_000), u32(1_000))),
    config: "ForwardAgent yes",
  },
  { name: "messages for unknown channels", serve: afterLogin(peerSends.request(99, "x", true)) },
  {
    name: "a login message after the login",
    serve: afterLogin(msg(51, str("password"), bool(false))),
  },
  {
    name: "requests from a server that reads no replies",
    serve: async (peer, size) => {
      await peer.letIn();
      peer.stream.pause();
      await flood(peer, size, globalRequest);
      peer.destroy();
    },
  },
  {
    name: "packets that expand to megabytes",
    serve: async (peer) => {
      await peer.letIn();
      peer.compressWith(new Compressor());
      await flood(peer, 50, msg(53, str(Buffer.alloc(1_000_000, 0x0a)), str("")));
    },
    options: { compress: "zlib@openssh.com" },
    config: "Compression yes",
  },
  {
    name: "packets that expand to the allowed size",
    serve: async (peer, size) => {
      await peer.letIn();
      peer.compressWith(new Compressor());
      await flood(peer, Math.ceil(size / 20), msg(53, str(Buffer.alloc(250_000, 0x0a)), str("")));
    },
    options: { compress: "zlib@openssh.com" },
    config: "Compression yes",
  },
];
