import fc from "fast-check";
import { describe, expect } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { wireBoolean, wireString, wireUint32 } from "../../src/base/wire.ts";
import type { Channel } from "../../src/engine/channels/channel.ts";
import { openFailureCode } from "../../src/engine/channels/messages.ts";
import { ProtocolError } from "../../src/engine/channels/protocolError.ts";
import { prepareSession, startSession } from "../../src/engine/channels/sessionRequests.ts";
import { ChannelError } from "../../src/engine/engineErrors.ts";
import { bytes } from "../support/channelMessages.ts";
import { type ChannelEnd, channelPipe, loneEnd } from "../support/channelPipe.ts";
import { attack, fuzz } from "./support/attackTest.ts";

/** Runs of each test. `FUZZ_RUNS=50000` for a long search; a failure prints the seed. */
const numRuns = Number(process.env["FUZZ_RUNS"] ?? 2000);
const windowSize = 20_000;

// The messages of a hostile peer. Most are well formed and name a channel that may exist; some do neither.

const id = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom(99, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1) },
);
const amount = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 5000 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31, 2 ** 32 - 1) },
);
const payload = fc
  .oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 300 }) },
    { weight: 2, arbitrary: fc.integer({ min: 2000, max: 7000 }) },
    { weight: 1, arbitrary: fc.constantFrom(32 * 1024, 32 * 1024 + 1) },
  )
  .map((length) => wireString(Buffer.alloc(length, length)));
const name = fc.constantFrom(
  "exit-status",
  "exit-signal",
  "keepalive@openssh.com",
  "eow@openssh.com",
  "x11-req",
  "",
  "n".repeat(1000),
);
const rest = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(wireUint32),
  fc.uint8Array({ maxLength: 30 }).map((data) => Buffer.from(data)),
  fc.constant(Buffer.concat([wireString("TERM"), wireBoolean(true), wireString("text"), wireString("")])),
);
const type = fc.constantFrom("session", "x11", "auth-agent@openssh.com", "forwarded-tcpip", "");

const wellFormed: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(name, fc.boolean(), rest)
    .map(([text, reply, data]) => bytes(80, wireString(text), wireBoolean(reply), data)),
  rest.map((data) => bytes(81, data)),
  fc.constant(bytes(82)),
  fc
    .tuple(type, id, amount, amount, rest)
    .map(([text, sender, window, packet, data]) =>
      bytes(90, wireString(text), ...[sender, window, packet].map(wireUint32), data),
    ),
  fc.tuple(id, id, amount, amount).map((numbers) => bytes(91, ...numbers.map(wireUint32))),
  fc
    .tuple(id, amount)
    .map((numbers) => bytes(92, ...numbers.map(wireUint32), wireString("no"), wireString(""))),
  fc.tuple(id, amount).map((numbers) => bytes(93, ...numbers.map(wireUint32))),
  fc.tuple(id, payload).map(([to, data]) => bytes(94, wireUint32(to), data)),
  fc
    .tuple(id, fc.integer({ min: 0, max: 2 }), payload)
    .map(([to, kind, data]) => bytes(95, wireUint32(to), wireUint32(kind), data)),
  id.map((to) => bytes(96, wireUint32(to))),
  id.map((to) => bytes(97, wireUint32(to))),
  fc
    .tuple(id, name, fc.boolean(), rest)
    .map(([to, text, reply, data]) => bytes(98, wireUint32(to), wireString(text), wireBoolean(reply), data)),
  fc.tuple(fc.constantFrom(99, 100), id).map(([number, to]) => bytes(number, wireUint32(to))),
);
const malformed: fc.Arbitrary<Buffer> = fc.oneof(
  fc.tuple(wellFormed, fc.nat()).map(([whole, at]) => whole.subarray(0, 1 + (at % whole.length))),
  fc.tuple(wellFormed, rest).map(([whole, data]) => Buffer.concat([whole, data])),
  fc
    .tuple(fc.integer({ min: 80, max: 127 }), fc.uint8Array({ maxLength: 40 }))
    .map(([number, data]) => bytes(number, data)),
);
const hostile = fc.oneof({ weight: 40, arbitrary: wellFormed }, { weight: 1, arbitrary: malformed });

// Our actions meanwhile. `which` selects one of the existing channels.

const ours = fc.record({
  act: fc.constantFrom(
    "open",
    "open",
    "open",
    "session",
    "give up",
    "write",
    "write",
    "eof",
    "close",
    "pause",
    "resume",
    "resume",
    "signal",
    "resize",
    "break",
    "congested",
    "relaxed",
    "turn",
  ),
  which: fc.nat({ max: 5 }),
  size: fc.integer({ min: 0, max: 60_000 }),
});
type Ours = typeof ours extends fc.Arbitrary<infer T> ? T : never;

/** The channels of one end, with their observed events. */
class Actor {
  readonly channels: Channel[] = [];
  readonly closes = new Map<Channel, number>();
  readonly errors: unknown[] = [];
  readonly #end: ChannelEnd;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #giveUps: AbortController[] = [];
  received = 0;

  constructor(end: ChannelEnd) {
    this.#end = end;
  }

  get pending(): number {
    return this.#pending.size;
  }

  adopt(channel: Channel): void {
    this.channels.push(channel);
    this.closes.set(channel, 0);
    channel.onDidReceive(({ data }) => {
      this.received += data.length;
    });
    channel.onDidClose(() => this.closes.set(channel, (this.closes.get(channel) ?? 0) + 1));
  }

  async do({ act, which, size }: Ours): Promise<void> {
    const channel = this.channels[which % Math.max(1, this.channels.length)];
    switch (act) {
      case "open":
      case "session":
        this.#open(act === "session");
        break;
      case "give up":
        this.#giveUps[which]?.abort(new Error("enough"));
        break;
      case "write":
        channel?.write(Buffer.alloc(size));
        break;
      case "eof":
        channel?.eof();
        break;
      case "close":
        channel?.close();
        break;
      case "pause":
        channel?.pause();
        break;
      case "resume":
        channel?.resume();
        break;
      case "signal":
        channel?.signal(size % 2 === 0 ? "TERM" : "no signal");
        break;
      case "resize":
        channel?.resize({ columns: size * size * size, rows: -size });
        break;
      case "break":
        channel?.sendBreak(size / 7);
        break;
      case "congested":
        this.#end.congested = true;
        break;
      case "relaxed":
        this.relax();
        break;
      case "turn":
        await turn();
        break;
    }
  }

  relax(): void {
    this.#end.congested = false;
    this.#end.table.resumeSending();
  }

  #open(asSession: boolean): void {
    if (this.#pending.size >= 5) {
      return;
    }
    const giveUp = new AbortController();
    this.#giveUps.unshift(giveUp);
    const opening = this.#end.table
      .open("session", windowSize, Buffer.alloc(0), giveUp.signal)
      .then(async (channel) => {
        this.adopt(channel);
        if (asSession) {
          const spec = {
            request: { type: "shell" as const },
            env: { A: "b" },
            pty: { term: "x", columns: 1, rows: 1 },
          };
          await startSession(channel, prepareSession(spec, true, 1000), systemClock, giveUp.signal);
        }
      })
      .catch((error: unknown) => this.errors.push(error))
      .finally(() => this.#pending.delete(opening));
    this.#pending.add(opening);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Runs until nothing was sent for some turns. */
async function quiet(...ends: readonly ChannelEnd[]): Promise<void> {
  const sent = (): number => ends.reduce((sum, end) => sum + end.sent.length, 0);
  for (let still = 0, before = sent(); still < 3; before = sent()) {
    await turn();
    still = sent() === before ? still + 1 : 0;
  }
}

/** In every case: nothing is lost, reported twice or left over. */
function check(end: ChannelEnd, actor: Actor): void {
  for (const [channel, closes] of actor.closes) {
    expect(closes).toBeLessThanOrEqual(1);
    const { localWindow = 0, localWindowSize = 0 } = channel.details();
    expect(localWindow).toBeGreaterThanOrEqual(0);
    expect(localWindow).toBeLessThanOrEqual(localWindowSize);
  }
  for (const error of actor.errors) {
    expect(ChannelError.is(error) || (error instanceof Error && error.message === "enough")).toBe(true);
  }
  if (end.violation !== undefined) {
    expect(ProtocolError.is(end.violation)).toBe(true);
    expect([end.table.size, end.table.isOpening, actor.pending]).toEqual([0, false, 0]);
  }
  expect(end.logger.lines.length).toBeLessThan(20);
}

describe("the channel layer, given any messages in any order", () => {
  attack(
    "a hostile peer causes no exception and no hang, and a violation ends with a typed error",
    fuzz,
    async () => {
      const step = fc.oneof(
        { weight: 3, arbitrary: hostile.map((message) => ({ message })) },
        { weight: 2, arbitrary: ours.map((action) => ({ action })) },
      );
      let messages = 0;
      let violated = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 120, size: "max" }), async (steps) => {
          const end = loneEnd();
          const actor = new Actor(end);
          end.accept = (kind) =>
            kind === "x11"
              ? Promise.resolve((channel) => actor.adopt(channel))
              : kind === ""
                ? Promise.reject(new Error("no"))
                : openFailureCode.administrativelyProhibited;
          for (const each of steps) {
            if ("message" in each) {
              messages++;
              // The table owns it from now on: the next run needs its own.
              end.table.receive(Buffer.from(each.message));
            } else {
              await actor.do(each.action);
            }
          }
          await quiet(end);
          check(end, actor);
          violated += end.violation === undefined ? 0 : 1;
          // The end of the connection settles everything that is left.
          end.table.end();
          for (const channel of actor.channels) {
            channel.resume();
          }
          await quiet(end);
          expect([end.table.size, actor.pending]).toEqual([0, 0]);
          expect([...actor.closes.values()].every((count) => count === 1)).toBe(true);
        }),
        { numRuns },
      );
      // Checks that the test covered enough: neither outcome may be rare.
      expect(messages).toBeGreaterThan(numRuns * 20);
      expect(violated).toBeGreaterThan(numRuns / 10);
      expect(violated).toBeLessThan(numRuns * 0.98);
    },
  );

  attack("two correct ends agree on every channel, whatever they do", fuzz, async () => {
    const step = fc.record({ near: fc.boolean(), action: ours });
    let bytesCarried = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), async (steps) => {
        const { near, far } = channelPipe();
        const actors = [new Actor(near), new Actor(far)] as const;
        near.accept = () => Promise.resolve((channel) => actors[0].adopt(channel));
        far.accept = () => Promise.resolve((channel) => actors[1].adopt(channel));
        for (const { near: isNear, action } of steps) {
          await actors[isNear ? 0 : 1].do(action);
        }
        await quiet(near, far);
        for (const actor of actors) {
          actor.relax();
          for (const channel of actor.channels) {
            channel.resume();
          }
        }
        await quiet(near, far);
        expect([near.violation, far.violation]).toEqual([undefined, undefined]);
        check(near, actors[0]);
        check(far, actors[1]);
        expect([near.table.isOpening, far.table.isOpening]).toEqual([false, false]);
        bytesCarried += actors[0].received + actors[1].received;
        // Every open channel has a counterpart with the same state.
        for (const channel of actors[0].channels.filter((each) => each.isOpen)) {
          const own = channel.details();
          const other = actors[1].channels
            .map((each) => each.details())
            .find((each) => each.localId === own.remoteId && !each.closeReceived && !each.closeSent);
          expect(other).toMatchObject({
            remoteId: own.localId,
            bytesIn: own.bytesOut,
            bytesOut: own.bytesIn,
            eofReceived: own.eofSent,
            eofSent: own.eofReceived,
          });
        }
        for (const channel of actors[0].channels) {
          channel.close();
          channel.resume();
        }
        await quiet(near, far);
        for (const channel of actors[1].channels) {
          channel.close();
          channel.resume();
        }
        await quiet(near, far);
        expect([near.table.size, far.table.size]).toEqual([0, 0]);
        expect(
          [...actors[0].closes.values(), ...actors[1].closes.values()].every((count) => count === 1),
        ).toBe(true);
      }),
      { numRuns: Math.ceil(numRuns / 4) },
    );
    expect(bytesCarried).toBeGreaterThan(numRuns * 100);
  });
});
