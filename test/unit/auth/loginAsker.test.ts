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

describe("what OpenSSH's programs ask", () => {
  test("a stored password is given in silence, and dropped when it is asked for again", async () => {
    const { prompter, secrets, ask } = asker();
    secrets.values.set(passwordName, "old");
    prompter.passwords = ["new"];
    expect(await ask("password")).toBe("old");
    expect(prompter.asked).toEqual([]);
    expect(await ask("password")).toBe("new");
    expect(secrets.values.has(passwordName)).toBe(false);
  });

  test("what the person wants to keep is stored once the login has worked, and not before", async () => {
    const { prompter, secrets, answers, ask } = asker();
    prompter.passwords = [{ value: "p", remember: true }];
    prompter.passphrases = ["wrong", { value: "sesame", remember: true }];
    await ask("passphrase");
    await ask("passphrase");
    await ask("password");
    expect(secrets.values.size).toBe(0);
    await answers.succeeded();
    expect([...secrets.values]).toEqual([
      [passwordName, "p"],
      [passphraseSecret("/k"), "sesame"],
    ]);
    expect(prompter.asked).toEqual(["passphrase /k 1", "passphrase /k 2", "password 1"]);
  });

  test("a stored passphrase that is wrong is dropped, and the person is asked", async () => {
    const { prompter, secrets, ask } = asker();
    secrets.values.set(passphraseSecret("/k"), "old");
    prompter.passphrases = ["new"];
    expect([await ask("passphrase"), await ask("passphrase")]).toEqual(["old", "new"]);
    expect(secrets.values.size).toBe(0);
  });

  test("a prompt that is dismissed cancels the login", async () => {
    await expect(asker().ask("password")).rejects.toMatchObject({ reason: "cancelled" });
    await expect(asker().ask("passphrase")).rejects.toMatchObject({ reason: "cancelled" });
  });

  test("where nobody is there, stored secrets answer, and nobody is asked for others", async () => {
    const { prompter, secrets, ask } = asker(false);
    secrets.values.set(passwordName, "p");
    expect(await ask("password")).toBe("p");
    await expect(ask("password")).rejects.toMatchObject({ reason: "needs-person" });
    await expect(ask("passphrase")).rejects.toMatchObject({ reason: "needs-person" });
    expect(prompter.asked).toEqual([]);
  });

  test("a login that needed a code is tried once while nobody is there", async () => {
    const needs = new LoginNeeds();
    const attended = asker(true, needs);
    attended.prompter.rounds = [["123456"]];
    attended.answers.begin();
    expect(await attended.answers.answer({ kind: "text", prompt: "Code: " }, signal)).toBe("123456");
    await attended.answers.succeeded();
    asker(false, needs).answers.begin();
    expect(() => asker(false, needs).answers.begin()).toThrow(/nobody is there/);
  });

  test("a key is added to the agent only where the person agrees", async () => {
    const { answers } = asker();
    const question = { kind: "confirm", prompt: "Add key /k (comment) to agent?" } as const;
    expect(await answers.answer(question, signal)).toBe("no");
  });
});
