import { expect, test } from "vitest";
import { isPasswordQuestion } from "../../../src/auth/passwordQuestion.ts";

const question = (prompt: string, around: { name?: string; instructions?: string; echo?: boolean } = {}) => {
  const { name = "", instructions = "", echo = false } = around;
  return isPasswordQuestion({ name, instructions, prompts: [{ prompt, echo }] });
};

test.each([
  "Password: ",
  "password",
  "(alice@host) Password:",
  "alice@host's password: ",
  "Password for alice@host:",
])("%j asks for the account's password", (prompt) => expect(question(prompt)).toBe(true));

test.each(["Passcode: ", "One-time password: ", "Password: again", "New password:", ""])(
  "%j asks for something else",
  (prompt) => expect(question(prompt)).toBe(false),
);

test("a question with instructions, another question beside it, or a visible answer is another one", () => {
  expect(question("Password: ", { name: " ", instructions: "\n" })).toBe(true);
  expect(question("Password: ", { instructions: "Use your token" })).toBe(false);
  expect(question("Password: ", { name: "Token" })).toBe(false);
  expect(question("Password: ", { echo: true })).toBe(false);
  const prompts = ["Password: ", "Code: "].map((prompt) => ({ prompt, echo: false }));
  expect(isPasswordQuestion({ name: "", instructions: "", prompts })).toBe(false);
  expect(isPasswordQuestion({ name: "", instructions: "", prompts: [] })).toBe(false);
});

test("a prompt of more than 256 characters does not match", () => {
  const prompt = (length: number): string => `${" ".repeat(length - 8)}password`;
  expect([question(prompt(256)), question(prompt(257))]).toEqual([true, false]);
});
