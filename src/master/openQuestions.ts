import { type Deadline, raceSignal } from "../base/deadline.ts";
import type { LoginWait } from "../engine/connectionEngine.ts";
import { ConnectError } from "../engine/engineErrors.ts";
import type { HostKeyVerifier } from "../trust/hostKeyPorts.ts";

type OnWait = (wait: LoginWait | undefined) => void;

/** Runs a question to the user, and says that the login waits for the answer. */
export async function whileAsking<T>(onWait: OnWait | undefined, ask: () => Promise<T>): Promise<T> {
  onWait?.({ on: "person" });
  try {
    return await ask();
  } finally {
    onWait?.(undefined);
  }
}

/**
 * What one login attempt asks the user. A server waits only for a time (LoginGraceTime in sshd_config(5)) and may end
 * the login while a question is open.
 */
export class OpenQuestions {
  readonly #deadline: Deadline;
  readonly #onWait: OnWait;
  /** What the login itself waits for. */
  #wait: LoginWait | undefined;
  #open = 0;
  #hasAsked = false;
  #verifying: Promise<void> | undefined;

  constructor(deadline: Deadline, onWait: OnWait) {
    this.#deadline = deadline;
    this.#onWait = onWait;
  }

  /** Runs a prompt with the deadline paused. */
  async ask<T>(work: () => Promise<T>): Promise<T> {
    this.#open++;
    this.#hasAsked = true;
    this.#report();
    try {
      return await this.#deadline.paused(work);
    } finally {
      this.#open--;
      this.#report();
    }
  }

  /** What the engine reports. Undefined: it waits for nothing. */
  waits(wait: LoginWait | undefined): void {
    this.#wait = wait;
    this.#report();
  }

  /** A security key needs the user, too, and more than an answer: its PIN is asked for while it waits. */
  #report(): void {
    this.#onWait(this.#open > 0 && this.#wait?.on !== "key" ? { on: "person" } : this.#wait);
  }

  /** The same verifier; whether it is at work is known here. */
  watch(verifier: HostKeyVerifier): HostKeyVerifier {
    return {
      preferredAlgorithms: () => verifier.preferredAlgorithms(),
      verify: async (key, address, signal) => {
        const verifying = verifier.verify(key, address, signal);
        this.#verifying = verifying;
        try {
          await verifying;
        } finally {
          this.#verifying = undefined;
        }
      },
      announced: async (announcement, signal) => await verifier.announced?.(announcement, signal),
    };
  }

  /**
   * The attempt has failed. If the question about the host key is open, waits for the answer: it is about the key, not
   * about the connection, and VS Code can't close the dialog. Resolves to whether the key was accepted after the
   * connection had ended. Rejects if it was not, or if the login was cancelled.
   */
  async acceptedTooLate(failure: unknown): Promise<boolean> {
    if (!ConnectError.is(failure) || !this.#hasAsked || this.#verifying === undefined) {
      return false;
    }
    await raceSignal(this.#verifying, this.#deadline.signal);
    return true;
  }

  /** The failure, with its true reason if the server ended the login while a question was open. */
  explain(failure: unknown): unknown {
    const isClosed =
      ConnectError.is(failure) &&
      (failure.reason === "closed-during-handshake" || failure.reason === "reset");
    if (!isClosed || this.#open === 0) {
      return failure;
    }
    const { serverText, dialed } = failure;
    return new ConnectError(
      "closed-while-asking",
      "The server ended the login while it waited for an answer",
      {
        cause: failure,
        ...(serverText !== undefined && { serverText }),
        ...(dialed !== undefined && { dialed }),
      },
    );
  }
}
