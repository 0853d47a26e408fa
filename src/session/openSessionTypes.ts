import type { SettingsFolder } from "../config/configPorts.ts";
import type { Dimensions, SessionRequest } from "../engine/connectionEngine.ts";
import type { LoginNews } from "../master/masterTypes.ts";
import type { LoginMode } from "../reconnect/reconnectTypes.ts";
import type { LostSession, SessionKind } from "./sessionTypes.ts";

/** Who opens a session. */
export type SessionPurpose =
  /** The user. */
  | "person"
  /** Another extension, through the API. It is shown like any other session. */
  | "extension"
  /**
   * This extension, to read something from a server. It is in no snapshot, no event and no history, and with
   * `onMaster` it neither keeps the master open nor restarts its linger.
   */
  | "lookup";

/** What to open. `env` is added to SendEnv and SetEnv of the host. */
export interface OpenSessionRequest {
  /** Alias, or `user@host:port`. */
  readonly host: string;
  /** The folder whose settings apply to the session. Undefined: the current folder when it is opened. */
  readonly folder?: SettingsFolder;
  readonly kind: SessionKind;
  readonly title?: string;
  readonly request: SessionRequest;
  /** Undefined: no pty. */
  readonly pty?: { readonly term: string; readonly dimensions: Dimensions };
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds; undefined: the host's own limits (settings, ChannelTimeout) apply. 0: none. */
  readonly timeLimitSeconds?: number;
  readonly idleLimitSeconds?: number;
  /**
   * Default `attended`. `unattended`: a login that would have to prompt fails with AuthError `nothing-to-try`.
   * `none`: rejects with ChannelError `connection-ended` where no connection with room exists.
   */
  readonly login?: LoginMode;
  /** Default `person`. */
  readonly purpose?: SessionPurpose;
  /** Use exactly this master; rejects with ChannelError `connection-ended` when it has ended. */
  readonly onMaster?: string;
  /**
   * The lost session that this one continues in the same terminal. Its time limit keeps running, and until the
   * connection is up, only the destination's reconnection is shown, not the attempt.
   */
  readonly inPlaceOf?: LostSession;
  /** The keeper holds the session under this name, or already does: see KeepSpec. Default: it ends with its window. */
  readonly keep?: string;
  /** It has been assigned to a connection, which may not be open yet. May be called more than once. */
  onConnection?(): void;
  /** News about the login, if the session waits for one. */
  onLogin?(news: LoginNews): void;
}
