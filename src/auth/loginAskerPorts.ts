/** What OpenSSH's programs ask through their askpass, by what the answer is. Texts are untrusted. */
export type LoginQuestion =
  /** The password of the account. */
  | { readonly kind: "password" }
  /** The passphrase of a key file. */
  | { readonly kind: "passphrase"; readonly file: string }
  /** The PIN of the security key that a file belongs to, or of a smartcard. */
  | { readonly kind: "pin"; readonly of: string }
  /** Anything else, such as a question of the server (RFC 4256). Whether the answer may be shown is not said. */
  | { readonly kind: "text"; readonly prompt: string }
  /** The answer is `yes` or `no`. */
  | { readonly kind: "confirm"; readonly prompt: string }
  /** A security key waits for a touch. */
  | { readonly kind: "touch"; readonly prompt: string };

/** Answers them for one login. */
export interface LoginAsker {
  /** The login begins. @throws AuthError `needs-person` where nobody is there and the last login needed somebody */
  begin(): void;
  /**
   * @returns undefined where nobody may be asked.
   * @throws CancelledError when the person dismissed the prompt
   */
  answer(question: LoginQuestion, signal: AbortSignal): Promise<string | undefined>;
  /** The login worked: secrets that were to be remembered are now stored. Never rejects. */
  succeeded(): Promise<void>;
}
