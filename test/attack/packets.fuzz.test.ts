import fc from "fast-check";
import { afterAll, beforeAll, expect } from "vitest";
import type { AuthAttempt } from "../../src/auth/authPorts.ts";
import type { EngineConnection } from "../../src/engine/connectionEngine.ts";
import { never } from "../engine/contract/channels.ts";
import { fakeKey } from "../support/authFakes.ts";
import { attack, engine, fuzz } from "./support/attackTest.ts";
import { hostileRequest } from "./support/hostileLogin.ts";
import { bool, mpint, msg, str, u32 } from "./support/hostilePackets.ts";
import { type HostilePeer, hostilePair } from "./support/hostileServer.ts";
import { asAttacker } from "./support/longestBlock.ts";

/**
 * Messages of every number, with the right fields and with others, in every phase. They may only end the connection
 * with a reason: no exception and no unhandled rejection, no hang, no leaked memory. SSH_SESSIONS_FUZZ: how many
 * messages; SSH_SESSIONS_FUZZ_SEED: repeats a failure.
 */
const wanted = Number(process.env["SSH_SESSIONS_FUZZ"] ?? 200_000);
const seed = Number(process.env["SSH_SESSIONS_FUZZ_SEED"] ?? Date.now() % 1_000_000_000);

const escaped: unknown[] = [];
const onEscape = (error: unknown): void => {
  escaped.push(error);
};

beforeAll(() => {
  process.on("uncaughtException", onEscape);
  process.on("unhandledRejection", onEscape);
});

afterAll(() => {
  process.off("uncaughtException", onEscape);
  process.off("unhandledRejection", onEscape);
});

const text = fc.oneof(
  fc.constantFrom(
    "",
    "ssh-userauth",
    "ssh-connection",
    "password",
    "publickey,keyboard-interactive",
    "session",
  ),
  fc.constantFrom(
    "exit-status",
    "exit-signal",
    "keepalive@openssh.com",
    "hostkeys-00@openssh.com",
    "eow@openssh.com",
  ),
  fc.constantFrom(
    "auth-agent@openssh.com",
    "forwarded-tcpip",
    "x11",
    "direct-tcpip",
    "TERM",
    "server-sig-algs",
  ),
  fc.string({ maxLength: 40 }),
);
const bytes = fc.uint8Array({ maxLength: 60 }).map((value) => Buffer.from(value));
const number = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
  fc.nat(),
);
const field = fc.oneof(
  { weight: 4, arbitrary: text.map(str) },
  { weight: 3, arbitrary: number.map(u32) },
  { weight: 2, arbitrary: fc.boolean().map(bool) },
  { weight: 1, arbitrary: bytes.map(str) },
  { weight: 1, arbitrary: bytes.map(mpint) },
  { weight: 1, arbitrary: bytes },
  // A wrong length.
  {
    weight: 1,
    arbitrary: fc.tuple(number, bytes).map(([length, rest]) => Buffer.concat([u32(length), rest])),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1_000, max: 20_000 }).map((length) => str(Buffer.alloc(length, 0x61))),
  },
);

/** The fields of each message (RFC 4252 to 4254, 8308), with any values. */
const shapes: readonly (readonly [number, ...fc.Arbitrary<Buffer>[]])[] = [
  [1, number.map(u32), text.map(str), text.map(str)],
  [2, bytes.map(str)],
  [3, number.map(u32)],
  [4, fc.boolean().map(bool), text.map(str), text.map(str)],
  [6, text.map(str)],
  [7, number.map(u32), text.map(str), bytes.map(str), text.map(str), bytes.map(str)],
  [31, bytes.map(str), bytes.map(str), bytes.map(str)],
  [31, bytes.map(mpint), bytes.map(mpint)],
  [33, bytes.map(str), bytes.map(mpint), bytes.map(str)],
  [51, text.map(str), fc.boolean().map(bool)],
  [53, text.map(str), text.map(str)],
  [60, text.map(str), text.map(str), text.map(str), number.map(u32), text.map(str), fc.boolean().map(bool)],
  [60, text.map(str), bytes.map(str)],
  [80, text.map(str), fc.boolean().map(bool), bytes.map(str)],
  [90, text.map(str), number.map(u32), number.map(u32), number.map(u32), bytes.map(str)],
  [91, number.map(u32), number.map(u32), number.map(u32), number.map(u32)],
  [92, number.map(u32), number.map(u32), text.map(str), text.map(str)],
  [93, number.map(u32), number.map(u32)],
  [94, number.map(u32), bytes.map(str)],
  [95, number.map(u32), number.map(u32), bytes.map(str)],
  [96, number.map(u32)],
  [97, number.map(u32)],
  [98, number.map(u32), text.map(str), fc.boolean().map(bool), number.map(u32)],
  [
    98,
    number.map(u32),
    fc.constant(str("exit-signal")),
    fc.boolean().map(bool),
    text.map(str),
    fc.boolean().map(bool),
    text.map(str),
    text.map(str),
  ],
  [99, number.map(u32)],
  [100, number.map(u32)],
];

/** Truncated anywhere, or with one byte changed: mostly valid, so that it is parsed far. */
const damaged = (whole: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.tuple(whole, fc.nat(), fc.nat(255), fc.boolean()).map(([bytesOf, at, value, cuts]) => {
    const copy = Buffer.from(bytesOf);
    if (cuts) {
      return copy.subarray(0, 1 + (at % copy.length));
    }
    copy[Math.min(copy.length - 1, 1 + (at % copy.length))] = value;
    return copy;
  });

/** 1 to 127 and 192 to 255: all message numbers except the reserved ones (RFC 4250 section 4.1.2). */
const anyNumber = fc.oneof(fc.integer({ min: 1, max: 127 }), fc.integer({ min: 192, max: 255 }));
const shaped = fc.oneof(
  ...shapes.map(([type, ...fields]) => fc.tuple(...fields).map((made) => msg(type, ...made))),
);
const message = fc.oneof(
  { weight: 5, arbitrary: shaped },
  { weight: 2, arbitrary: damaged(shaped) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(anyNumber, fc.array(field, { maxLength: 5 }))
      .map(([type, fields]) => msg(type, ...fields)),
  },
  // With any fields, truncated anywhere.
  {
    weight: 1,
    arbitrary: fc
      .tuple(anyNumber, fc.array(field, { maxLength: 4 }), fc.nat(200))
      .map(([type, fields, end]) => msg(type, ...fields).subarray(0, 1 + end)),
  },
);

/** Replies to a login attempt (RFC 4252, 4256): by any method, valid or damaged. */
const loginKey = fakeKey(1);
const answer = fc.oneof(
  fc.tuple(text, fc.boolean()).map(([methods, partial]) => msg(51, str(methods), bool(partial))),
  fc
    .tuple(text, text, fc.array(fc.tuple(text, fc.boolean()), { maxLength: 3 }))
    .map(([name, instruction, prompts]) =>
      msg(
        60,
        ...[str(name), str(instruction), str(""), u32(prompts.length)],
        ...prompts.flatMap(([prompt, echo]) => [str(prompt), bool(echo)]),
      ),
    ),
  fc.constant(msg(60, str(loginKey.type), str(loginKey.publicKey))),
  fc.tuple(text, text).map(([prompt, language]) => msg(60, str(prompt), str(language))),
  text.map((name) => msg(7, u32(1), str("server-sig-algs"), str(name))),
  text.map((banner) => msg(53, str(banner), str(""))),
);
const loginMessage = fc.oneof({ weight: 3, arbitrary: answer }, { weight: 1, arbitrary: damaged(answer) });

const attemptsBy: Readonly<Record<AuthAttempt["method"], AuthAttempt>> = {
  none: { method: "none" },
  password: {
    method: "password",
    password: "a",
    change: async () => ({ oldPassword: "a", newPassword: "b", remember: false }),
  },
  "keyboard-interactive": {
    method: "keyboard-interactive",
    answer: async ({ prompts }) => prompts.map(() => "a"),
  },
  publickey: { method: "publickey", key: loginKey, algorithm: loginKey.type, origin: "a file" },
};

type Phase = "version" | "exchange" | "service" | "login" | "connection";

/** Valid or nearly valid, in every phase except a strict first key exchange; then those of an open channel. */
const generic = fc.oneof(
  ...shapes
    .filter(([type]) => type >= 2 && type <= 4)
    .map(([type, ...fields]) => fc.tuple(...fields).map((made) => msg(type, ...made))),
);
const channel = fc.constant(u32(0));
const small = fc.integer({ min: 0, max: 100 }).map(u32);
const harmless = fc.oneof(
  { weight: 2, arbitrary: generic },
  {
    weight: 2,
    arbitrary: fc
      .tuple(text, fc.boolean(), bytes)
      .map(([name, reply, rest]) => msg(80, str(name), bool(reply), rest)),
  },
  { weight: 2, arbitrary: fc.tuple(channel, bytes).map(([id, data]) => msg(94, id, str(data))) },
  { weight: 1, arbitrary: fc.tuple(channel, bytes).map(([id, data]) => msg(95, id, u32(1), str(data))) },
  { weight: 1, arbitrary: fc.tuple(channel, small).map(([id, more]) => msg(93, id, more)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(channel, text, fc.boolean())
      .map(([id, name, reply]) => msg(98, id, str(name), bool(reply), u32(1))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(text, small).map(([kind, id]) => msg(90, str(kind), id, u32(1_000), u32(1_000))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 192, max: 255 }), fc.array(field, { maxLength: 3 }))
      .map(([type, fields]) => msg(type, ...fields)),
  },
  { weight: 1, arbitrary: text.map((banner) => msg(53, str(banner), str(""))) },
);

const run = fc.record({
  phase: fc.constantFrom<Phase>(
    "version",
    "exchange",
    "service",
    "login",
    "login",
    "login",
    "connection",
    "connection",
    "connection",
    "connection",
  ),
  method: fc.constantFrom<AuthAttempt["method"]>("password", "keyboard-interactive", "publickey"),
  login: fc.array(loginMessage, { minLength: 20, maxLength: 20, size: "max" }),
  strict: fc.boolean(),
  generic: fc.array(generic, { minLength: 30, maxLength: 30, size: "max" }),
  harmless: fc.array(harmless, { minLength: 60, maxLength: 60, size: "max" }),
  wild: fc.array(message, { minLength: 8, maxLength: 8, size: "max" }),
});

async function reach(peer: HostilePeer, phase: Phase): Promise<void> {
  switch (phase) {
    case "version":
      peer.sendVersion();
      return;
    case "exchange":
      peer.exchangesByItself = false;
      peer.sendVersion();
      peer.sendKexInit();
      return;
    case "service":
      return peer.start();
    case "login":
      return peer.startLogin();
    case "connection":
      return peer.letIn();
  }
}

/** An error of our own code, not of the server: something read missing data. */
function isSlip(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof TypeError || each instanceof RangeError || each instanceof ReferenceError) {
      return true;
    }
  }
  return false;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

attack(
  "no message in any phase does more than end the connection",
  fuzz,
  async () => {
    const samples = asAttacker(() => fc.sample(run, { numRuns: 1_000, seed }));
    let sent = 0;
    for (let round = 0; sent < wanted; round++) {
      const sample = samples[round % samples.length];
      if (sample !== undefined) {
        sent += await fuzzed(sample, round);
      }
    }
    expect(escaped).toEqual([]);
    expect(sent).toBeGreaterThanOrEqual(wanted);
  },
  600_000,
);

/** @returns how many messages were sent to the client */
async function fuzzed(
  sample: typeof run extends fc.Arbitrary<infer Value> ? Value : never,
  round: number,
): Promise<number> {
  const { peer, transport } = hostilePair({ strict: sample.strict });
  const isLogin = sample.phase === "login";
  // A server may refuse repeatedly: there is always a next attempt.
  const attempts = isLogin ? Array<AuthAttempt>(30).fill(attemptsBy[sample.method]) : [attemptsBy.none];
  const request = hostileRequest({ transport }, { attempts });
  let connection: EngineConnection | undefined;
  const reasons: unknown[] = [];
  const settled = engine.connect(request, never()).then(
    (made) => {
      connection = made;
      made.onDidClose((end) => reasons.push(end.error));
      made.openSession({ request: { type: "shell" }, env: {} }, never()).then(
        (opened) => opened.resume(),
        (error: unknown) => reasons.push(error),
      );
      made.ping(never()).catch((error: unknown) => reasons.push(error));
    },
    (error: unknown) => reasons.push(error),
  );
  let sent = 0;
  const context = `seed ${seed}, round ${round}, phase ${sample.phase}`;
  try {
    await Promise.race([reach(peer, sample.phase), peer.gone]);
    if (sample.phase === "connection") {
      await settled;
      peer.send(msg(91, u32(0), u32(0), u32(100_000), u32(32_768)));
      peer.send(msg(99, u32(0)));
      await turn();
    }
    // In another order for each run of the sample.
    const later = <T>(list: readonly T[]): readonly T[] => [
      ...list.slice(round % list.length),
      ...list.slice(0, round % list.length),
    ];
    const easy =
      sample.phase === "connection"
        ? later(sample.harmless)
        : later(sample.generic).slice(0, isLogin ? 10 : 30);
    for (let at = 0; at < easy.length && !peer.ended; at += 20) {
      const some = easy.slice(at, at + 20);
      peer.raw(Buffer.concat(some.map((each) => peer.seal(each))));
      await turn();
      await turn();
      sent += some.length;
    }
    // One at a time: the first invalid one ends the connection, and those after it would not be read.
    const wild = isLogin ? [...later(sample.login), ...later(sample.wild)] : later(sample.wild);
    for (const each of wild) {
      if (peer.ended) {
        break;
      }
      peer.send(each);
      await turn();
      await turn();
      sent++;
    }
    return sent;
  } finally {
    peer.destroy();
    transport.destroy();
    connection?.destroy();
    await settled;
    await turn();
    expect(escaped, context).toEqual([]);
    expect(reasons.filter(isSlip), context).toEqual([]);
    expect(request.logger.lines.length, context).toBeLessThan(600);
  }
}
