/** The questions that OpenSSH's programs ask by their askpass, by the kind of answer. Texts are untrusted. */
export type LoginQuestion =
  /** The password of the account. */
  | { readonly kind: "password" }
  /** The passphrase of a key file. */
  | { readonly kind: "passphrase"; readonly file: string }
  /** The PIN of the security key that a file belongs to, or of a smartcard. */
  | { readonly kind: "pin"; readonly of: string }
  /**
   * Anything else, such as a question of the server (RFC 4256). `ssh` does not report whether the answer may be
   * echoed.
   */
  | { readonly kind: "text"; readonly prompt: string }
  /** The answer is `yes` or `no`. */
  | { readonly kind: "confirm"; readonly prompt: string }
  /** A security key waits for a touch. */
  | { readonly kind: "touch"; readonly prompt: string };

/** Answers the questions of one login. */
export interface LoginAsker {
  /**
   * The login begins. @throws AuthError `needs-person` if prompts are not allowed and the last login needed the user
   */
  begin(): void;
  /**
   * @returns undefined if prompts are not allowed
   * @throws CancelledError if the user dismissed the prompt
   */
  answer(question: LoginQuestion, signal: AbortSignal): Promise<string | undefined>;
  /** The login succeeded: stores the secrets that the user chose to save. Never rejects. */
  succeeded(): Promise<void>;
}
