/**
 * A login that the keeper makes and a window answers: the keeper calls, the window has the user, the keys, the agent,
 * known_hosts and the stored secrets. `login` numbers the logins of one conversation: jump hosts have their own.
 */
import type { KeyboardInteractiveRequest, SessionBinding } from "../../auth/authPorts.ts";
import type { SettingsFolder } from "../../config/configPorts.ts";
import type { ConnectionPolicy } from "../../config/connectionPolicy.ts";
import type { HostConfig, JumpHop } from "../../config/hostConfig.ts";

/** The window's call `connect`, which resolves to a ServedConnection. */
export interface ConnectCall {
  readonly build: string;
  /** As in WindowHello. */
  readonly key: string;
  readonly config: HostConfig;
  readonly folder: SettingsFolder | undefined;
  readonly policy: ConnectionPolicy;
  readonly allowPrompts: boolean;
  /** Whether the keeper goes on after a logout of its user. Also an argument of the call `list`. */
  readonly afterLogout: boolean;
}

/** `environment`, without arguments, resolves to the window's environment. */

/** `hop`, resolves to ResolvedHop. */
export interface HopCall {
  readonly hop: JumpHop;
  readonly before: readonly JumpHop[];
}

export interface ResolvedHop {
  /** For `begin`. */
  readonly host: number;
  readonly config: HostConfig;
  readonly policy: ConnectionPolicy;
}

export interface LoginCall {
  readonly login: number;
}

/** `begin`. `host`: 0 is the host itself, others are from ResolvedHop. */
export interface BeginCall extends LoginCall {
  readonly host: number;
  readonly allowPrompts: boolean;
}

export interface VerifyCall extends LoginCall {
  readonly key: Buffer;
  readonly address: string | undefined;
}

/** `announced`; the window calls `prove` with the same fields meanwhile. */
export interface KeysCall extends LoginCall {
  readonly keys: readonly Buffer[];
}

/** `next`, resolves to NextReply. */
export interface NextCall extends LoginCall {
  readonly methodsLeft: readonly string[] | undefined;
  readonly partialSuccess: boolean;
  readonly signatureAlgorithms: readonly string[] | undefined;
  readonly binding: SessionBinding | undefined;
}

export interface NextReply extends Tried {
  readonly attempt: RelayedAttempt | undefined;
}

/** For the error of a login that fails. */
export interface Tried {
  readonly tried: readonly string[];
  readonly problems: readonly string[];
}

/** An AuthAttempt whose functions are calls. */
export type RelayedAttempt =
  | { readonly method: "none" }
  | {
      readonly method: "publickey";
      readonly key: { readonly publicKey: Buffer; readonly type: string; readonly comment: string };
      readonly algorithm: string;
      readonly origin: string;
    }
  | { readonly method: "password"; readonly password: string; readonly mayChange: boolean }
  | { readonly method: "keyboard-interactive" };

/** `sign`, resolves to the signature by the key of the last attempt. */
export interface SignCall extends LoginCall {
  readonly data: Buffer;
  readonly algorithm: string;
}

/** `change`: the server requires a new password. */
export interface ChangeCall extends LoginCall {
  readonly text: string;
}

/** `answer`: one round of keyboard-interactive. */
export interface AnswerCall extends LoginCall {
  readonly request: KeyboardInteractiveRequest;
}
