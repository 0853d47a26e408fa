import { describe, expect, test } from "vitest";
import { createLoginAsker } from "../../../src/auth/loginAsker.ts";
import { LoginNeeds } from "../../../src/auth/loginNeeds.ts";
import { passphraseSecret, passwordSecret } from "../../../src/auth/secrets.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { FakePrompter, MemorySecrets } from "../../support/authFakes.ts";
import { testHostConfig } from "../../support/hostConfigs.ts";

const config = testHostConfig();
const passwordName = passwordSecret(config);
const signal = new AbortController().signal;

function asker(allowPrompts = true, needs = new LoginNeeds()) {
  const prompter = new FakePrompter();
  const secrets = new MemorySecrets();
  const answers = createLoginAsker({
    ...{ config, allowPrompts, prompter, secrets, needs },
    logger: silentLogger,
    pause: (work) => work(),
  });
  const ask = (kind: "password" | "passphrase") =>
    answers.answer(kind === "password" ? { kind } : { kind, file: "/k" }, signal);
  return { prompter, secrets, needs, answers, ask };
}

describe("questions of OpenSSH's programs", () => {
  test("a stored password is used silently, and deleted when it is requested again", async () => {
    const { prompter, secrets, ask } = asker();
    secrets.values.set(passwordName, "old");
    prompter.passwords = ["new"];
    expect(await ask("password")).toBe("old");
    expect(prompter.asked).toEqual([]);
    expect(await ask("password")).toBe("new");
    expect(secrets.values.has(passwordName)).toBe(false);
  });

  test("a secret is stored on request, only after the login has succeeded", async () => {
    const { prompter, secrets, answers, ask } = asker();
    prompter.passwords = [{ value: "p", remember: true }];
    prompter.passphrases = ["wrong", { value: "sesame", remember: true }, "not stored"];
    await ask("passphrase");
    await ask("passphrase");
    await ask("password");
    await answers.answer({ kind: "passphrase", file: "/other" }, signal);
    expect(secrets.values.size).toBe(0);
    await answers.succeeded();
    expect([...secrets.values]).toEqual([
      [passwordName, "p"],
      [passphraseSecret("/k"), "sesame"],
    ]);
    const asked = ["passphrase /k 1", "passphrase /k 2", "password 1", "passphrase /other 1"];
    expect(prompter.asked).toEqual(asked);
  });

  test("a wrong stored passphrase is deleted, and the user is asked", async () => {
    const { prompter, secrets, ask } = asker();
    secrets.values.set(passphraseSecret("/k"), "old");
    prompter.passphrases = ["new"];
    expect([await ask("passphrase"), await ask("passphrase")]).toEqual(["old", "new"]);
    expect(secrets.values.size).toBe(0);
  });

  test("a wrong stored passphrase that can't be deleted is not used a second time", async () => {
    const { prompter, secrets, ask } = asker();
    secrets.values.set(passphraseSecret("/k"), "old");
    secrets.delete = () => Promise.reject(new Error("no keyring"));
    prompter.passphrases = ["new"];
    expect([await ask("passphrase"), await ask("passphrase")]).toEqual(["old", "new"]);
  });

  test("what the login needed from the user is remembered: nothing, or the touch of a security key", async () => {
    const { secrets, needs, answers, ask } = asker();
    secrets.values.set(passwordName, "p");
    await ask("password");
    await answers.succeeded();
    expect(needs.of(config)).toEqual({ prompted: false, touched: false, waited: false });
    expect(await answers.answer({ kind: "touch", prompt: "Touch it" }, signal)).toBeUndefined();
    await answers.succeeded();
    expect(needs.of(config)).toEqual({ prompted: false, touched: true, waited: false });
  });

  test("an answer to another question is typed without being shown", async () => {
    const { answers, prompter } = asker();
    const requests: unknown[] = [];
    Object.assign(prompter, {
      keyboardInteractive: async (_target: unknown, request: unknown) => requests.push(request) > 0 && ["1"],
    });
    expect(await answers.answer({ kind: "text", prompt: "Code: " }, signal)).toBe("1");
    const prompts = [{ prompt: "Code: ", echo: false }];
    expect(requests).toEqual([{ name: "", instructions: "", prompts }]);
  });

  test("dismissing a prompt cancels the login", async () => {
    await expect(asker().ask("password")).rejects.toMatchObject({ reason: "dismissed" });
    await expect(asker().ask("passphrase")).rejects.toMatchObject({ reason: "dismissed" });
  });

  test("without a user, stored secrets are used, and others are not requested", async () => {
    const { prompter, secrets, ask } = asker(false);
    secrets.values.set(passwordName, "p");
    expect(await ask("password")).toBe("p");
    await expect(ask("password")).rejects.toMatchObject({ reason: "needs-person" });
    await expect(ask("passphrase")).rejects.toMatchObject({ reason: "needs-person" });
    expect(prompter.asked).toEqual([]);
  });

  test("a login that needed a code gets one attempt without a user", async () => {
    const needs = new LoginNeeds();
    const attended = asker(true, needs);
    attended.prompter.rounds = [["123456"]];
    attended.answers.begin();
    expect(await attended.answers.answer({ kind: "text", prompt: "Code: " }, signal)).toBe("123456");
    await attended.answers.succeeded();
    asker(false, needs).answers.begin();
    expect(() => asker(false, needs).answers.begin()).toThrow(/prompts are not allowed/);
  });

  test.each([
    [true, true, "Add key /k (a comment) to agent?", "yes"],
    [true, false, "Add key /k (a comment) to agent?", "no"],
    [true, true, "Something else?", "no"],
    [true, true, "Don't Add key /k (a comment) to agent?", "no"],
    [true, true, "Add key /k (a comment) to agent? Or to another?", "no"],
    [false, true, "Add key /k (a comment) to agent?", "no"],
  ])(
    "a key is added to the agent only if the user agrees: %j",
    async (allowPrompts, agrees, prompt, answer) => {
      const { answers, prompter } = asker(allowPrompts);
      const files: string[] = [];
      Object.assign(prompter, {
        addToAgent: async (_target: unknown, file: string) => files.push(file) > 0 && agrees,
      });
      expect(await answers.answer({ kind: "confirm", prompt }, signal)).toBe(answer);
      expect(files).toEqual(allowPrompts && /^Add key .* to agent\?$/.test(prompt) ? ["/k"] : []);
    },
  );

  test("a key is not added to the agent where the user can't be asked for that", async () => {
    const { answers } = asker();
    const question = { kind: "confirm", prompt: "Add key /k (comment) to agent?" } as const;
    expect(await answers.answer(question, signal)).toBe("no");
  });

  test("a PIN is asked for with the number of the attempt; without an answer the login is cancelled", async () => {
    const { answers, prompter } = asker();
    const pin = { kind: "pin", of: "/sk" } as const;
    await expect(answers.answer(pin, signal)).rejects.toMatchObject({ reason: "dismissed" });
    const asked: unknown[] = [];
    const pins = ["1234", undefined];
    Object.assign(prompter, {
      pin: async (_target: unknown, of: string, attempt: number) => {
        asked.push([of, attempt]);
        return pins.shift();
      },
    });
    expect(await answers.answer(pin, signal)).toBe("1234");
    await expect(answers.answer(pin, signal)).rejects.toMatchObject({ reason: "dismissed" });
    expect(asked).toEqual([
      ["/sk", 1],
      ["/sk", 2],
    ]);
    const unattended = asker(false).answers.answer(pin, signal);
    await expect(unattended).rejects.toMatchObject({ reason: "needs-person", tried: [], methodsLeft: [] });
  });
});
