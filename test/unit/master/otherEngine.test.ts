import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { OtherEngineError } from "../../../src/auth/authErrors.ts";
import { Deadline } from "../../../src/base/deadline.ts";
import { toDisposable } from "../../../src/base/disposable.ts";
import type { ConnectionEngine, ConnectRequest, ServerWords } from "../../../src/engine/connectionEngine.ts";
import { ConnectError } from "../../../src/engine/engineErrors.ts";
import { unableReasons } from "../../../src/engine/openssh/openSshReasons.ts";
import { connectMaster, type Transport } from "../../../src/master/connectMaster.ts";
import type { LoginOptions } from "../../../src/master/masterPorts.ts";
import type { LoginNews } from "../../../src/master/masterTypes.ts";
import { FakeConnection, keepalive } from "../../support/fakeEngine.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

const banner: ServerWords = { source: "banner", text: "Welcome" };

/** Two engines: the result of each attempt of either, in order. An attempt without an error succeeds. */
function attempts(outcomes: readonly [engine: "first" | "other", error?: Error][], jumps = false) {
  const clock = new ManualClock();
  const logger = new RecordingLogger();
  const log: string[] = [];
  const news: LoginNews[] = [];
  const left = [...outcomes];
  let canOtherEngine: LoginOptions["canOtherEngine"];
  const engine = (name: "first" | "other" | "third"): ConnectionEngine => ({
    name,
    transport: "given",
    connect: async (request: ConnectRequest) => {
      log.push(`${name} connects${request.transport === undefined ? "" : " over a stream"}`);
      request.onServerWords?.(banner);
      const [expected, error] = left.shift() ?? [];
      expect(expected).toBe(name);
      if (OtherEngineError.is(error)) {
        // As the authenticator does when no key was accepted.
        await canOtherEngine?.(["gssapi-with-mic"]);
      }
      if (error !== undefined) {
        throw error;
      }
      return new FakeConnection(clock);
    },
  });
  let streams = 0;
  const transport = async (): Promise<Transport> => {
    const number = ++streams;
    log.push(`stream ${number}`);
    return { stream: new PassThrough(), hold: toDisposable(() => log.push(`stream ${number} ends`)) };
  };
  const deadline = new Deadline(clock, 10_000, () => new Error("too late"), new AbortController().signal);
  const connecting = connectMaster(
    {
      ...{ id: "m1", key: "k", config: testHostConfig(), folder: undefined, overflow: false },
      ...{ channelLimit: undefined, allowPrompts: true, clock, logger, engine: engine("first") },
      alternatives: [
        { engine: engine("third"), mayLogInBy: async () => false, isUnableBy: () => false },
        {
          engine: engine("other"),
          mayLogInBy: async (_, methods) => methods.includes("gssapi-with-mic"),
          isUnableBy: (reason) => unableReasons.has(reason),
        },
      ],
      login: (_, options: LoginOptions) => {
        canOtherEngine = options.canOtherEngine;
        log.push(canOtherEngine === undefined ? "login" : "login that may leave");
        return { verifier: {}, authenticator: {} } as never;
      },
      policies: () => ({ keepalive: keepalive(30, 3), linger: { seconds: 1 } }) as never,
      ...(jumps && { transport }),
    },
    logger,
    () => true,
    { deadline, givenUp: new AbortController().signal },
    {
      onPhase: () => {},
      onWait: () => {},
      onNews: (each) => news.push(each),
      onTransport: () => {},
      onJumpLost: () => {},
    },
  ).finally(() => deadline.dispose());
  return { connecting, log, news };
}

describe("an alternative engine", () => {
  test("takes over if the first one leaves the login to it", async () => {
    const { connecting, log, news } = attempts([["first", new OtherEngineError()], ["other"]]);
    await connecting;
    expect(log).toEqual(["login that may leave", "first connects", "login", "other connects"]);
    expect(news).toHaveLength(1);
  });

  test("gets a separate stream, and the first one's ends once that exists", async () => {
    const { connecting, log } = attempts([["first", new OtherEngineError()], ["other"]], true);
    await connecting;
    expect(log).toEqual([
      ...["stream 1", "login that may leave", "first connects over a stream"],
      ...["stream 2", "stream 1 ends", "login", "other connects over a stream"],
    ]);
  });

  test.each(["openssh-missing", "openssh-too-old", "openssh-silent", "openssh-failed"] as const)(
    "that can't run (%s) leaves the questions to the first one",
    async (reason) => {
      const failed = new ConnectError(reason, "no");
      const { connecting, log } = attempts([["first", new OtherEngineError()], ["other", failed], ["first"]]);
      await connecting;
      expect(log.slice(2)).toEqual(["login", "other connects", "login", "first connects"]);
    },
  );

  test("whose login fails decides the result", async () => {
    const refused = new ConnectError("refused", "no");
    const { connecting } = attempts([
      ["first", new OtherEngineError()],
      ["other", refused],
    ]);
    await expect(connecting).rejects.toBe(refused);
  });

  test("is not used if the first one fails for another reason", async () => {
    const refused = new ConnectError("refused", "no");
    const { connecting, log } = attempts([["first", refused]]);
    await expect(connecting).rejects.toBe(refused);
    expect(log).toEqual(["login that may leave", "first connects"]);
  });
});
