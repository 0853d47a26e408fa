import { createHash, randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { WireReader, wireBoolean, wireString, wireUint32 } from "../../../src/base/wire.ts";
import { verifyHostKeySignature } from "../../../src/engine/ssh2/kex/hostKeySignature.ts";
import { MlKem768X25519 } from "../../../src/engine/ssh2/kex/mlKem.ts";
import type { GatewayError } from "../../../src/gateway/gatewayError.ts";
import { GatewayKey } from "../../../src/gateway/gatewayKey.ts";
import { GcmPackets } from "../../../src/gateway/gcmPackets.ts";
import { ServerTransport } from "../../../src/gateway/serverTransport.ts";

const clientVersion = "SSH-2.0-OpenSSH_10.1";
const key = new GatewayKey();

/** A packet before the first keys (RFC 4253 section 6). */
function packet(payload: Buffer): Buffer {
  const padding = 8 + ((8 - ((5 + payload.length) % 8)) % 8);
  return Buffer.concat([
    wireUint32(1 + payload.length + padding),
    Buffer.of(padding),
    payload,
    Buffer.alloc(padding),
  ]);
}

function kexInit(kex: string, changes: { readonly cipher?: string; readonly guess?: boolean } = {}): Buffer {
  const { cipher = "aes128-gcm@openssh.com", guess = false } = changes;
  const lists = [kex, "ssh-ed25519,ecdsa-sha2-nistp256", cipher, cipher, "x", "x", "none", "none", "", ""];
  const parts = lists.map((list) => wireString(list));
  return Buffer.concat([Buffer.of(20), randomBytes(16), ...parts, wireBoolean(guess), wireUint32(0)]);
}

interface Server {
  readonly transport: ServerTransport;
  /** The payloads that it has sent, without encryption. */
  readonly sent: GcmPackets;
  readonly ended: (GatewayError | undefined)[];
}

function server(): Server {
  const sent = new GcmPackets();
  const ended: (GatewayError | undefined)[] = [];
  const transport = new ServerTransport({
    ...{ key, user: "me", ready: () => {}, received: () => {} },
    write: (data) => sent.push(Buffer.from(data)),
    ended: (error) => ended.push(error),
  });
  return { transport, sent, ended };
}

test("a client that has it gets the post-quantum key exchange, with a signature of the gateway's key", async () => {
  const { transport, sent } = server();
  const serverVersion = sent.line() ?? "";
  const serverInit = Buffer.from(sent.next() ?? "");
  const init = kexInit("mlkem768x25519-sha256,curve25519-sha256,ecdh-sha2-nistp256");
  const client = new MlKem768X25519();
  const first = await client.start();
  transport.receive(Buffer.concat([Buffer.from(`${clientVersion}\r\n`), packet(init), packet(first)]));
  let reply: Buffer | undefined;
  for (; reply === undefined; await turn()) {
    reply = sent.next();
  }
  const reader = new WireReader(reply, 1);
  const [blob = Buffer.alloc(0)] = [reader.string()];
  expect(blob).toEqual(key.blob);
  const step = client.receive(reply);
  if (step.kind !== "agreed") {
    throw new Error("the client did not agree");
  }
  const hash = createHash("sha256");
  for (const field of [clientVersion, serverVersion, init, serverInit, blob]) {
    hash.update(wireString(field));
  }
  const exchangeHash = hash.update(step.hashed).update(step.secret).digest();
  verifyHostKeySignature(step.hostKey, step.signature, exchangeHash, "ecdsa-sha2-nistp256");
  expect(sent.next()).toEqual(Buffer.of(21));
});

test.each([
  ["no common key exchange", [kexInit("curve25519-sha256")]],
  ["another cipher", [kexInit("ecdh-sha2-nistp256", { cipher: "aes256-ctr" })]],
  ["a guessed message", [kexInit("ecdh-sha2-nistp256", { guess: true })]],
  ["KEXINIT twice", [kexInit("ecdh-sha2-nistp256"), kexInit("ecdh-sha2-nistp256")]],
  ["a login before the keys", [Buffer.concat([Buffer.of(50), wireString("me")])]],
  ["NEWKEYS before the exchange", [Buffer.of(21)]],
  [
    "a point that is not on the curve",
    [
      kexInit("ecdh-sha2-nistp256"),
      Buffer.concat([Buffer.of(30), wireString(Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]))]),
    ],
  ],
  ["an empty point", [kexInit("ecdh-sha2-nistp256"), Buffer.concat([Buffer.of(30), wireString("")])]],
])("%s ends the client", (_, payloads) => {
  const { transport, ended } = server();
  transport.receive(Buffer.concat([Buffer.from(`${clientVersion}\n`), ...payloads.map(packet)]));
  expect(ended).toMatchObject([{ reason: "violation" }]);
});

test.each([
  ["a version line without end", Buffer.alloc(300, "x")],
  [
    "a packet of an odd length",
    Buffer.concat([Buffer.from("SSH-2.0-x\n"), wireUint32(13), Buffer.alloc(20)]),
  ],
  ["a huge packet", Buffer.concat([Buffer.from("SSH-2.0-x\n"), wireUint32(0x7ffffffc)])],
  [
    "a packet that is all padding",
    Buffer.concat([Buffer.from("SSH-2.0-x\n"), wireUint32(12), Buffer.of(11), Buffer.alloc(11)]),
  ],
])("%s ends the client", (_, bytes) => {
  const { transport, ended } = server();
  transport.receive(bytes);
  expect(ended).toMatchObject([{ reason: "violation" }]);
});

test("packets that come byte by byte are read", () => {
  const { transport, sent, ended } = server();
  const bytes = Buffer.concat([Buffer.from(`${clientVersion}\r\n`), packet(Buffer.of(1, 0, 0, 0, 11))]);
  for (const byte of bytes) {
    transport.receive(Buffer.of(byte));
  }
  expect(ended).toEqual([undefined]);
  expect(sent.line()).toMatch(/^SSH-2\.0-OpenSSH_/);
});
