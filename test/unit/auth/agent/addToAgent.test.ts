import { describe, expect, it } from "vitest";
import { type AddToAgentRequest, addToAgent } from "../../../../src/auth/agent/addToAgent.ts";
import { encodeAdd, encodeBinding, readIdentities } from "../../../../src/auth/agent/agentMessages.ts";
import { CancelledError } from "../../../../src/base/errors.ts";
import { wireString, wireUint32 } from "../../../../src/base/wire.ts";
import { FakeAgent, fakeKey } from "../../../support/authFakes.ts";
import { RecordingLogger } from "../../../support/recordingLogger.ts";

const encoded = Buffer.from("type and private fields");
const key = { ...fakeKey(1, "mine"), forAgent: () => encoded };

class TakingAgent extends FakeAgent {
  readonly added: unknown[] = [];
  refuses: Error | undefined;

  async add(path: string, added: unknown, constraints: unknown): Promise<void> {
    if (this.refuses !== undefined) {
      throw this.refuses;
    }
    this.added.push([path, added, constraints]);
  }
}

function setUp(changes: Partial<AddToAgentRequest> = {}) {
  const [agent, logger] = [new TakingAgent(), new RecordingLogger()];
  const request: AddToAgentRequest = {
    ...{ agent, logger, path: "/agent", signal: new AbortController().signal },
    setting: { mode: "yes" },
    ask: undefined,
    ...changes,
  };
  return { agent, logger, add: (one = key) => addToAgent("/home/me/.ssh/id", one, request) };
}

describe("AddKeysToAgent", () => {
  it("adds the key with its comment before it signs", async () => {
    const { agent, add } = setUp();
    await add();
    expect(agent.added).toEqual([["/agent", { key: encoded, comment: "mine" }, { confirm: false }]]);
  });

  it("uses the file's name for a key without a comment", async () => {
    const { agent, add } = setUp();
    await add({ ...fakeKey(1, ""), forAgent: () => encoded });
    expect(agent.added).toMatchObject([["/agent", { comment: "/home/me/.ssh/id" }, {}]]);
  });

  it("passes a lifetime and a confirmation before each use to the agent", async () => {
    const { agent, add } = setUp({ setting: { mode: "confirm", seconds: 60 } });
    await add();
    expect(agent.added).toMatchObject([["/agent", {}, { lifetime: 60, confirm: true }]]);
  });

  it.each([
    ["is not set", { setting: undefined }],
    ["has no agent", { path: undefined }],
    ["has an agent that refuses keys", { agent: new FakeAgent() }],
  ])("adds nothing if it %s", async (_name, changes) => {
    const { agent, logger, add } = setUp(changes);
    await add();
    expect([agent.added, logger.complaints]).toEqual([[], []]);
  });

  it("adds no key whose private half is elsewhere", async () => {
    const { agent, logger } = setUp();
    const request = {
      ...{ agent, logger, path: "/agent", ask: undefined },
      setting: { mode: "yes" } as const,
    };
    await addToAgent("/id", fakeKey(1), { ...request, signal: new AbortController().signal });
    expect([agent.added, logger.complaints]).toEqual([[], []]);
  });

  it.each([
    ["yes", async () => true, 1],
    ["no", async () => false, 0],
    ["prompts not allowed", undefined, 0],
  ])("asks first under `ask`: %s", async (_name, ask, added) => {
    const { agent, add } = setUp({ setting: { mode: "ask" }, ask });
    await add();
    expect(agent.added).toHaveLength(added);
  });

  it("lets the login continue when the agent refuses", async () => {
    const { agent, logger, add } = setUp();
    agent.refuses = new Error("it is locked");
    await add();
    expect(logger.complaints.join()).toContain("it is locked");
  });

  it("ends when the login is cancelled", async () => {
    const { agent, logger, add } = setUp({ signal: AbortSignal.abort(new CancelledError()) });
    agent.refuses = new Error("aborted");
    await expect(add()).rejects.toBeInstanceOf(CancelledError);
    expect(logger.complaints).toEqual([]);
  });
});

describe("messages to an agent", () => {
  const fields = Buffer.concat([encoded, wireString("a comment")]);

  it("a key without limits is added with SSH_AGENTC_ADD_IDENTITY", () => {
    const message = Buffer.concat([Buffer.of(17), fields]);
    expect(encodeAdd(encoded, "a comment", {})).toEqual(message);
    expect(encodeAdd(encoded, "a comment", { confirm: false })).toEqual(message);
  });

  it("a key with limits is added with SSH_AGENTC_ADD_ID_CONSTRAINED", () => {
    expect(encodeAdd(encoded, "a comment", { lifetime: 60, confirm: true })).toEqual(
      Buffer.concat([Buffer.of(25), fields, Buffer.of(1), wireUint32(60), Buffer.of(2)]),
    );
    expect(encodeAdd(encoded, "a comment", { confirm: true })).toEqual(
      Buffer.concat([Buffer.of(25), fields, Buffer.of(2)]),
    );
  });

  it("the binding to a server is the extension session-bind@openssh.com, not forwarded", () => {
    const [hostKey, sessionId, signature] = ["key", "session", "signature"].map((text) => Buffer.from(text));
    expect(
      encodeBinding({
        hostKey: hostKey ?? Buffer.alloc(0),
        sessionId: sessionId ?? Buffer.alloc(0),
        signature: signature ?? Buffer.alloc(0),
      }),
    ).toEqual(
      Buffer.concat([
        Buffer.of(27),
        ...["session-bind@openssh.com", "key", "session", "signature"].map((text) => wireString(text)),
        Buffer.of(0),
      ]),
    );
  });

  it("a truncated list of keys and another reply are refused, and surplus data is ignored", () => {
    const whole = Buffer.concat([Buffer.of(12), wireUint32(1), wireString("blob"), wireString("comment")]);
    expect(readIdentities(whole)).toEqual([{ publicKey: Buffer.from("blob"), comment: "comment" }]);
    for (let length = 1; length < whole.length; length++) {
      expect(() => readIdentities(whole.subarray(0, length))).toThrow("makes no sense");
    }
    expect(() => readIdentities(Buffer.concat([Buffer.of(6), whole.subarray(1)]))).toThrow("makes no sense");
    const surplus = Buffer.concat([whole, wireString("more"), wireString("")]);
    expect(readIdentities(surplus)).toHaveLength(1);
  });
});
