import type { SettingsFolder } from "../config/configPorts.ts";
import type { Dimensions, SessionRequest } from "../engine/connectionEngine.ts";
import type { LoginNews } from "../master/masterTypes.ts";
import type { LoginMode } from "../reconnect/reconnectTypes.ts";
import type { LostSession, SessionKind } from "./sessionTypes.ts";

/** What a session is opened for. */
export type SessionPurpose =
  /** A person asked for it. */
  | "person"
  /** Another extension asked for it through the API. It is shown as any other. */
  | "extension"
  /**
   * A look-up of this extension on a server. It is in no snapshot, no event and no history, and with `onMaster` it neither
   * keeps the master nor restarts its linger.
   */
  | "lookup";

/** What to open. `env` is added to what SendEnv and SetEnv of the host give. */
export interface OpenSessionRequest {
  /** Alias, or `user@host:port`. */
  readonly host: string;
  /** Whose settings count for the session. Undefined: the folder that is the current one when it is opened. */
  readonly folder?: SettingsFolder;
  readonly kind: SessionKind;
  readonly title?: string;
  readonly request: SessionRequest;
  /** Undefined: no pty. */
  readonly pty?: { readonly term: string; readonly dimensions: Dimensions };
  readonly env?: Readonly<Record<string, string>>;
  /** Seconds; undefined: the host's own limits (settings, ChannelTimeout) decide. 0: none. */
  readonly timeLimitSeconds?: number;
  readonly idleLimitSeconds?: number;
  /**
   * Default `attended`. `unattended`: a login that would have to ask fails with AuthError `nothing-to-try`. `none`: rejects
   * with ChannelError `connection-ended` where no connection with room is there.
   */
  readonly login?: LoginMode;
  /** Default `person`. */
  readonly purpose?: SessionPurpose;
  /** Use exactly this master; rejects with ChannelError `connection-ended` when it is gone. */
  readonly onMaster?: string;
  /**
   * The session that was lost and that this one goes on for, in the same terminal. Its time limit goes on counting, and
   * until the connection is there only the destination's reconnection is seen, not the attempt.
   */
  readonly inPlaceOf?: LostSession;
  /** What the login says and waits for, where the session waits for one. */
  onLogin?(news: LoginNews): void;
}
