import type { AuthAttempt, Authenticator, SessionBinding } from "../../../auth/authPorts.ts";
import type { Logger } from "../../../base/log.ts";
import type { LoginWait } from "../../connectionEngine.ts";
import type { ServerTalk } from "../../transport/serverTalk.ts";

/** An attempt with this method. */
export type Of<Method extends AuthAttempt["method"]> = Extract<AuthAttempt, { method: Method }>;

/** The state of the dialogue. There is never more than one attempt. */
export type State =
  /** No request is pending: before the service is accepted, and while the next attempt is chosen. */
  | { readonly kind: "idle" }
  | { readonly kind: "none" }
  | { readonly kind: "query"; readonly attempt: Of<"publickey"> }
  /** The server accepts the key; its signature is being made. */
  | { readonly kind: "signing" }
  | { readonly kind: "signature" }
  | { readonly kind: "password"; readonly attempt: Of<"password"> }
  /** The server requires a new password, and the user is asked for it. */
  | { readonly kind: "changing" }
  | {
      readonly kind: "keyboard-interactive";
      readonly attempt: Of<"keyboard-interactive">;
      readonly isAsking: boolean;
    }
  | { readonly kind: "over"; readonly loggedIn: boolean };

export interface UserAuthInit {
  readonly user: string;
  readonly authenticator: Authenticator;
  readonly talk: ServerTalk;
  readonly logger: Logger;
  /** The session id of the first key exchange (RFC 4253 section 7.2); set when the service is accepted. */
  sessionId(): Buffer;
  /** The server's proof in the first key exchange. */
  binding?(): SessionBinding | undefined;
  send(message: Uint8Array): void;
  onWait(wait: LoginWait | undefined): void;
  /** SSH_MSG_USERAUTH_SUCCESS, in the turn in which it came. */
  onSuccess(): void;
  /**
   * The login can't continue: AuthError, ConnectError `protocol`, or the authenticator's rejection. Also after the
   * login.
   */
  onFailure(error: unknown): void;
}

/** The server has a password, answers or a signature, and has not replied yet. */
export function isJudged(state: State, rounds: number): boolean {
  switch (state.kind) {
    case "password":
    case "changing":
    case "signature":
      return true;
    case "keyboard-interactive":
      return rounds > 0;
    default:
      return false;
  }
}

/**
 * Whether the server has to send the next message.
 * @param isAccepted the service was accepted (RFC 4253 section 10).
 */
export function isServersTurn(state: State, isAccepted: boolean): boolean {
  switch (state.kind) {
    case "none":
    case "query":
    case "signature":
    case "password":
      return true;
    case "keyboard-interactive":
      return !state.isAsking;
    case "idle":
      return !isAccepted;
    default:
      return false;
  }
}
