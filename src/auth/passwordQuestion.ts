import type { KeyboardInteractiveRequest } from "./authPorts.ts";

/** The prompt with which PAM and others ask for the account's password. */
const passwordPrompt = /^\s*(?:\([^()]*\)\s*)?(?:\S+'s )?password(?: for \S+)?\s*:?\s*$/i;

/** Longer prompts never match: the server must not decide how long matching takes. */
const longestPasswordPrompt = 256;

/** Whether the server asks by keyboard-interactive for the account's password and nothing else. */
export function isPasswordQuestion({ name, instructions, prompts }: KeyboardInteractiveRequest): boolean {
  const [first] = prompts;
  return (
    prompts.length === 1 &&
    first?.echo === false &&
    first.prompt.length <= longestPasswordPrompt &&
    passwordPrompt.test(first.prompt) &&
    `${name}${instructions}`.trim() === ""
  );
}
