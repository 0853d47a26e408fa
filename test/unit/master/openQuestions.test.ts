import { describe, expect, test } from "vitest";
import { Deadline } from "../../../src/base/deadline.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import type { ConnectRequest, LoginWait } from "../../../src/engine/connectionEngine.ts";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import { connectMaster } from "../../../src/master/connectMaster.ts";
import { HostKeyError } from "../../../src/trust/hostKeyErrors.ts";
import { FakeConnection, keepalive } from "../../support/fakeEngine.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

const declined = new HostKeyError("declined", "The key", {
  ...{ host: "web1", keyType: "ssh-ed25519", fingerprint: "SHA256:abc" },
});

interface Server {
  /** The server's own reason for the end of each attempt; the next attempt succeeds. */
  readonly ends: readonly ConnectError[];
  /** When the server ends the login. */
  readonly during: "host key" | "password" | "nothing";
  /** An accepted key can be saved. */
  readonly saves?: boolean;
  /** What the engine says that it waits for. */
  readonly wait?: LoginWait;
}

/** A login during which a question opens, and the server does not wait for the answer. */
function logIn({ ends, during, saves = true, wait }: Server) {
  const clock = new ManualClock();
  const given = new AbortController();
  const deadline = new Deadline(clock, 10_000, () => new Error("too late"), given.signal);
  const left = [...ends];
  let known = false;
  let connects = 0;
  const waits: (LoginWait | undefined)[] = [];
  const questions: { resolve(): void; reject(error: Error): void }[] = [];
  const ask = async (): Promise<void> =>
    await new Promise((resolve, reject) => questions.push({ resolve, reject }));
  let pause: <T>(work: () => Promise<T>) => Promise<T>;
  const connecting = connectMaster(
    {
      ...{ id: "m1", key: "k", config: testHostConfig(), folder: undefined, overflow: false },
      ...{ channelLimit: undefined, allowPrompts: true, clock, logger: new RecordingLogger() },
      alternatives: [],
      engine: {
        ...{ name: "fake", transport: "given" },
        connect: async ({ verifier, onWait }: ConnectRequest, signal: AbortSignal) => {
          connects++;
          onWait?.(wait);
          const verifying = verifier.verify(Buffer.of(1), undefined, signal);
          const answering = during === "password" ? pause(ask) : verifying;
          answering.catch(() => {});
          await Promise.resolve();
          const end = left.shift();
          if (end !== undefined) {
            throw end;
          }
          await answering;
          return new FakeConnection(clock);
        },
      },
      login: (_, options) => {
        pause = options.pause;
        const verify = async (): Promise<void> => {
          if (during === "host key" && !known) {
            await options.pause(ask);
            known = saves;
          }
        };
        return { verifier: { preferredAlgorithms: async () => [], verify }, authenticator: {} as never };
      },
      policies: () => ({ keepalive: keepalive(30, 3), linger: { seconds: 1 } }) as never,
    },
    new RecordingLogger(),
    () => true,
    { deadline, givenUp: given.signal },
    { onPhase() {}, onWait: (wait) => waits.push(wait), onNews() {}, onTransport() {}, onJumpLost() {} },
  );
  const outcome = connecting.then(
    () => "connected",
    (error: unknown) => error,
  );
  return { clock, given, outcome, questions, waits, isKnown: () => known, connects: () => connects };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const closed = new ConnectError("closed-during-handshake", "closed", { serverText: "Bye" });
const reset = new ConnectError("reset", "ECONNRESET");

const key: LoginWait = { on: "key", origin: "id_ed25519_sk", touch: true };
const server: LoginWait = { on: "server", judging: "password" };
const person: LoginWait = { on: "person" };

test.each<[Server["during"], LoginWait | undefined, (LoginWait | undefined)[]]>([
  ["host key", undefined, [undefined, person, undefined]],
  ["password", undefined, [undefined, person, undefined]],
  ["password", server, [server, person, server]],
  // The question is for its PIN, and then it waits for the touch.
  ["password", key, [key, key, key]],
])("a login waits for the user while a question is open: %s, %j", async (during, wait, expected) => {
  const { outcome, questions, waits } = logIn({ ends: [], during, ...(wait && { wait }) });
  await settle();
  questions[0]?.resolve();
  expect(await outcome).toBe("connected");
  expect(waits).toEqual(expected);
});

describe("a server that ends the login while the question about its host key is open", () => {
  test.each([closed, reset])("the answer counts: %s", async (end) => {
    const { clock, outcome, questions, isKnown, connects } = logIn({ ends: [end], during: "host key" });
    await settle();
    // The user's time does not count against ConnectTimeout, also after the end.
    await clock.advance(600_000);
    await settle();
    expect(connects()).toBe(1);
    questions[0]?.resolve();
    expect(await outcome).toBe("connected");
    expect([isKnown(), questions.length, connects()]).toEqual([true, 1, 2]);
  });

  test("a refusal counts, and no further login is made", async () => {
    const { outcome, questions, connects } = logIn({ ends: [closed], during: "host key" });
    await settle();
    questions[0]?.reject(declined);
    expect(await outcome).toBe(declined);
    expect(connects()).toBe(1);
  });

  test("a cancellation ends the wait for the answer", async () => {
    const { given, outcome, connects } = logIn({ ends: [closed], during: "host key" });
    await settle();
    const reason = new CancelledError();
    given.abort(reason);
    expect(await outcome).toBe(reason);
    expect(connects()).toBe(1);
  });

  test("is reported after the second answer that is too late", async () => {
    const { outcome, questions, connects } = logIn({
      ...{ ends: [closed, closed], during: "host key", saves: false },
    });
    await settle();
    questions[0]?.resolve();
    await settle();
    questions[1]?.resolve();
    expect(await outcome).toMatchObject({ reason: "closed-while-asking", serverText: "Bye", cause: closed });
    expect(connects()).toBe(2);
  });
});

test.each([closed, reset])(
  "a server that does not wait for a password is the reported cause: %s",
  async (end) => {
    const { outcome, connects } = logIn({ ends: [end], during: "password" });
    expect(await outcome).toMatchObject({ reason: "closed-while-asking", cause: end });
    expect(connects()).toBe(1);
  },
);

test.each<[Server["during"], ConnectError]>([
  ["nothing", closed],
  ["password", new ConnectError("proxy-failed", "the proxy's own words")],
])("during %s, another cause is reported unchanged", async (during, end) => {
  const { outcome, connects } = logIn({ ends: [end], during });
  expect(await outcome).toBe(end);
  expect(connects()).toBe(1);
});
