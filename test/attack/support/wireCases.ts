/**
 * Attacks of a hostile server, for `npm run bench -- attack`. The server is in the same process, so its work counts as
 * well: it sends in small steps.
 */
import { createDiffieHellmanGroup } from "node:crypto";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalFiles } from "../../../src/base/localFiles.ts";
import { parseConfigText } from "../../../src/config/configLine.ts";
import { Ssh2Engine } from "../../../src/engine/ssh2/ssh2Engine.ts";
import { never } from "../../engine/contract/channels.ts";
import type { AttackCase } from "./attackCases.ts";
import { hostileRequest } from "./hostileLogin.ts";
import { bool, msg, str, u32 } from "./hostilePackets.ts";
import { type HostileOptions, type HostilePeer, hostilePair } from "./hostileServer.ts";

/** Sends the message that often, some in each turn. Ends with the connection. */
async function flood(peer: HostilePeer, count: number, message: Buffer): Promise<void> {
  for (let sent = 0; sent < count && !peer.ended; sent += 50) {
    const packets = Array.from({ length: 50 }, () => peer.seal(message));
    if (!peer.raw(Buffer.concat(packets))) {
      await Promise.race([new Promise((resolve) => peer.stream.once("drain", resolve)), peer.gone]);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Connects to a server that does `serve`, and is done when the server is, or the connection has ended. */
async function attacked(
  serve: (peer: HostilePeer) => Promise<unknown>,
  options: HostileOptions = {},
): Promise<void> {
  const { peer, transport } = hostilePair(options);
  const connecting = new Ssh2Engine().connect(hostileRequest({ transport }), never());
  const served = Promise.race([serve(peer), peer.gone]).catch(() => {});
  const connection = await connecting.catch(() => undefined);
  await served;
  connection?.destroy();
  peer.destroy();
}

const afterLogin = (count: number, message: Buffer) => (): Promise<void> =>
  attacked(async (peer) => {
    await peer.letIn();
    await flood(peer, count, message);
  });

/** Group exchange with a number that is no prime: whether it is one costs seconds to find out. */
function largeGroup(): Promise<void> {
  const prime = Buffer.from(createDiffieHellmanGroup("modp18").getPrime());
  prime[500] = (prime[500] ?? 0) ^ 1;
  return attacked((peer) => peer.letIn(), {
    kex: ["diffie-hellman-group-exchange-sha256"],
    group: { prime, generator: Buffer.of(2) },
    publicNumber: Buffer.from("0123456789abcdef", "hex"),
  });
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "attack-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const question = msg(60, str(""), str(""), str(""), u32(1), str("x".repeat(32_000)), bool(false));

export const wireCases: readonly AttackCase[] = [
  { name: "group exchange, 8192 bits that are no prime", run: largeGroup },
  {
    name: "6 MB of banners during the login",
    run: () =>
      attacked(async (peer) => {
        await peer.startLogin();
        await peer.nextOf(50);
        await flood(peer, 200, msg(53, str("x\n".repeat(15_000)), str("")));
        peer.send(msg(52));
      }),
  },
  {
    name: "2,000 refusals at once",
    run: () =>
      attacked(async (peer) => {
        await peer.startLogin();
        await peer.nextOf(50);
        await flood(peer, 2_000, msg(51, str("password"), bool(false)));
      }),
  },
  {
    name: "40 questions of 32 KB, unasked",
    run: () =>
      attacked(async (peer) => {
        await peer.startLogin();
        await peer.nextOf(50);
        await flood(peer, 50, question);
      }),
  },
  {
    name: "20,000 global requests",
    run: afterLogin(20_000, msg(80, str("anything@example.org"), bool(true))),
  },
  {
    name: "20,000 channel opens",
    run: afterLogin(20_000, msg(90, str("session"), u32(1), u32(1_000), u32(1_000))),
  },
  { name: "20,000 messages of an unknown number", run: afterLogin(20_000, msg(200, str("what"))) },
  { name: "20,000 debug messages", run: afterLogin(20_000, msg(4, bool(true), str("x"), str(""))) },
  {
    name: "100 MB on one line of ssh_config",
    run: () =>
      inFolder(async (folder) => {
        const file = join(folder, "config");
        await writeFile(file, "Host x");
        await truncate(file, 100 * 1024 * 1024);
        await createLocalFiles()
          .read(file, 16 * 1024 * 1024)
          .catch(() => {});
      }),
  },
  {
    name: "ssh_config, 1 MB of blanks before a value",
    run: async () => {
      parseConfigText(`Host${" ".repeat(1_000_000)}x\n`.repeat(2));
    },
  },
];
