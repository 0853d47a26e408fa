import type { AuthPrompter } from "../../src/auth/authPorts.ts";
import type { HostKeyPrompter } from "../../src/trust/hostKeyPorts.ts";

interface AskedQuestion {
  readonly text: string;
  /** Undefined: the user dismisses it. */
  answer(text: string | undefined): void;
}

/** Questions that stay open until a test answers them. */
export class AskedQuestions {
  /** All of them. */
  readonly asked: string[] = [];
  #open: readonly AskedQuestion[] = [];

  readonly prompter: AuthPrompter & HostKeyPrompter = {
    password: async (_target, attempt, signal) => remembered(await this.#ask(`password ${attempt}`, signal)),
    passphrase: async (_target, _file, attempt, signal) =>
      remembered(await this.#ask(`passphrase ${attempt}`, signal)),
    changePassword: () => Promise.reject(new Error("unexpected question for a new password")),
    keyboardInteractive: async (_target, { prompts }, signal) => {
      const answer = await this.#ask(prompts.map(({ prompt }) => prompt).join("|"), signal);
      return answer === undefined ? undefined : prompts.map(() => answer);
    },
    confirmUnknown: async ({ alias }, signal) => (await this.#ask(`host key ${alias}`, signal)) !== undefined,
  };

  get open(): readonly string[] {
    return this.#open.map(({ text }) => text);
  }

  /** Answers the oldest one. */
  answer(text: string | undefined): void {
    this.#open[0]?.answer(text);
  }

  async #ask(text: string, signal: AbortSignal): Promise<string | undefined> {
    this.asked.push(text);
    return await new Promise((resolve) => {
      const question: AskedQuestion = {
        text,
        answer: (given) => {
          this.#open = this.#open.filter((each) => each !== question);
          resolve(given);
        },
      };
      this.#open = [...this.#open, question];
      // The question closes with its login.
      signal.addEventListener("abort", () => question.answer(undefined), { once: true });
    });
  }
}

function remembered(
  value: string | undefined,
): { readonly value: string; readonly remember: false } | undefined {
  return value === undefined ? undefined : { value, remember: false };
}
