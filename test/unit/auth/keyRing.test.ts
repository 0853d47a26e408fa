import { describe, expect, it } from "vitest";
import type { PromptAnswer } from "../../../src/auth/authPorts.ts";
import { KeyRing } from "../../../src/auth/keys/keyRing.ts";
import { CancelledError } from "../../../src/base/errors.ts";
import { FakeReader, fakeKey, MemorySecrets } from "../../support/authFakes.ts";
import { RecordingLogger } from "../../support/recordingLogger.ts";

function setUp() {
  const [reader, secrets] = [new FakeReader(), new MemorySecrets()];
  const ring = new KeyRing(reader, secrets, new RecordingLogger());
  reader.files.set("/a", { key: fakeKey(1), passphrase: "p" });
  const asked: number[] = [];
  const unlock = (answers: readonly (string | PromptAnswer | undefined)[], seed = 1, signal = never()) =>
    ring.unlock("/a", {
      ...{ publicKey: fakeKey(seed).publicKey, attempts: 3, signal },
      ask: async (attempt) => {
        asked.push(attempt);
        const answer = answers[attempt - 1];
        return typeof answer === "string" ? { value: answer, remember: false } : answer;
      },
    });
  return { reader, secrets, ring, asked, unlock };
}

const never = (): AbortSignal => new AbortController().signal;

describe("the unlocked keys of a window", () => {
  it("an unlocked key is not decrypted again", async () => {
    const { reader, unlock, asked } = setUp();
    expect((await unlock(["p"])).comment).toBe("key 1");
    expect((await unlock([])).comment).toBe("key 1");
    expect([asked, reader.decryptions]).toEqual([[1], 1]);
  });

  it("a file that was replaced is read again, first with its last passphrase", async () => {
    const { reader, ring, unlock, asked } = setUp();
    await unlock(["p"]);
    reader.files.set("/a", { key: fakeKey(2), passphrase: "p" });
    expect((await unlock([], 2)).comment).toBe("key 2");
    reader.files.set("/a", { key: fakeKey(3), passphrase: "q" });
    expect((await unlock(["q"], 3)).comment).toBe("key 3");
    expect(asked).toEqual([1, 1]);
    reader.files.set("/a", { key: fakeKey(4), passphrase: "r" });
    await expect(unlock([], 4)).rejects.toMatchObject({ reason: "dismissed" });
    expect(ring.openFiles()).toEqual([]);
  });

  it("an unlocked key whose public key is not known beforehand needs no second prompt", async () => {
    const { ring, unlock, asked } = setUp();
    await unlock(["p"]);
    const again = { publicKey: undefined, attempts: 3, ask: undefined, signal: never() };
    expect((await ring.unlock("/a", again)).comment).toBe("key 1");
    expect(asked).toEqual([1]);
  });

  it("without prompts, a locked key stays locked", async () => {
    const { ring, reader } = setUp();
    const unattended = { publicKey: undefined, attempts: 3, ask: undefined, signal: never() };
    await expect(ring.unlock("/a", unattended)).rejects.toMatchObject({ reason: "wrong-passphrase" });
    expect(reader.decryptions).toBe(0);
  });

  it("a passphrase is not tried for a login that was cancelled during its prompt", async () => {
    const { ring, reader } = setUp();
    const cancelled = new AbortController();
    const ask = async (): Promise<PromptAnswer> => {
      cancelled.abort(new CancelledError());
      return { value: "p", remember: false };
    };
    const unlocking = ring.unlock("/a", { publicKey: undefined, attempts: 3, ask, signal: cancelled.signal });
    await expect(unlocking).rejects.toBeInstanceOf(CancelledError);
    expect([reader.decryptions, ring.openFiles()]).toEqual([0, []]);
  });

  it("a forgotten key is requested again", async () => {
    const { ring, unlock, asked } = setUp();
    await unlock(["p"]);
    expect([ring.openFiles(), ring.forget("/a"), ring.forget("/a"), ring.openFiles()]).toEqual([
      ...[["/a"], true, false, []],
    ]);
    await unlock(["p"]);
    expect(asked).toEqual([1, 1]);
  });

  it("two callers for the same file share one prompt, and a caller that gives up lets the next one proceed", async () => {
    const { unlock, asked } = setUp();
    const answered: PromptAnswer = { value: "p", remember: true };
    const keys = await Promise.all([unlock([answered]), unlock([answered])]);
    expect(keys.map(({ comment }) => comment)).toEqual(["key 1", "key 1"]);
    expect(asked).toEqual([1]);
  });

  it("a caller that gives up while waiting gets no prompt, and the next one does", async () => {
    const { unlock, asked } = setUp();
    const given = new AbortController();
    const first = unlock([undefined]);
    const second = unlock(["p"], 1, given.signal);
    given.abort(new CancelledError());
    await expect(second).rejects.toBeInstanceOf(CancelledError);
    await expect(first).rejects.toBeInstanceOf(CancelledError);
    expect((await unlock(["p"])).comment).toBe("key 1");
    expect(asked).toEqual([1, 1]);
  });

  it("a file that is no longer a private key is an error, without repeated prompts", async () => {
    const { reader, unlock, asked } = setUp();
    reader.files.set("/a", { publicKey: fakeKey(1).publicKey });
    await expect(unlock(["p", "p", "p"])).rejects.toMatchObject({ reason: "malformed" });
    expect(asked).toEqual([1]);
  });

  it("the stored passphrase is tried before a prompt, and kept only while it is right", async () => {
    const { secrets, unlock, asked } = setUp();
    await unlock([{ value: "p", remember: true }]);
    expect([...secrets.values.values()]).toEqual(["p"]);
    const other = setUp();
    other.secrets.values.set([...secrets.values.keys()][0] ?? "", "wrong");
    await other.unlock(["p"]);
    expect([asked, other.asked, other.secrets.values.size]).toEqual([[1], [1], 0]);
  });
});
