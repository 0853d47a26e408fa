import type { Duplex } from "node:stream";
import type { Authenticator } from "../auth/authPorts.ts";
import type { LoginAsker } from "../auth/loginAskerPorts.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import type { ConnectionPolicy, ConnectionUse } from "../config/connectionPolicy.ts";
import type { HostConfig, JumpHop } from "../config/hostConfig.ts";
import type {
  ConnectionEngine,
  EngineConnection,
  LoginWait,
  ServerWords,
} from "../engine/connectionEngine.ts";
import type { AlternativeEngine } from "../engine/engineTable.ts";
import type { HostKeyVerifier } from "../trust/hostKeyPorts.ts";
import type { LoginNews } from "./masterTypes.ts";

/** The engine for a use. Called for each use; the result may change with the settings. */
export type EngineChooser = (use: ConnectionUse) => ConnectionEngine;

/** The engines that may take over the login of the chosen engine, best first. */
export type AlternativesChooser = (use: ConnectionUse) => readonly AlternativeEngine[];

/**
 * The policy of a connection with these uses (at least one); called again whenever they, settings or ssh_config
 * change.
 */
export type MasterPolicies = (uses: readonly ConnectionUse[]) => ConnectionPolicy;

export interface LoginOptions {
  /** False: anything that would need a prompt counts as not available. */
  readonly allowPrompts: boolean;
  /** Every prompt runs inside, with the connect deadline paused. */
  pause<T>(work: () => Promise<T>): Promise<T>;
  /** Whether another engine can log in by one of these methods without a question; it is then tried. */
  readonly canOtherEngine?: (methodsLeft: readonly string[]) => Promise<boolean>;
  /** Aborts when the login is cancelled; open prompts close. */
  readonly signal: AbortSignal;
}

/** Makes what one login needs. */
export type LoginFactory = (
  config: HostConfig,
  options: LoginOptions,
) => {
  readonly verifier: HostKeyVerifier;
  readonly authenticator: Authenticator;
  /** For an engine whose program logs in on its own. */
  readonly asker?: LoginAsker;
};

/** Runs a ProxyCommand through the user's shell; the stream's destruction ends the process. */
export type ProxyRunner = (
  config: HostConfig,
  onWords: (words: ServerWords) => void,
  signal: AbortSignal,
) => Duplex | Promise<Duplex>;

/** Resolves the hops of a ProxyJump; the given chain replaces the hop's own ProxyJump unless it is the first hop. */
export type HopResolver = (
  hop: JumpHop,
  before: readonly JumpHop[],
  signal: AbortSignal,
) => Promise<HostConfig>;

/** A master of ours that needs a connection. */
export interface JoiningLogin {
  readonly id: string;
  readonly key: string;
  readonly config: HostConfig;
  readonly allowPrompts: boolean;
}

/** What a login needs that is made elsewhere for this window. */
export interface JoinedLogin extends JoiningLogin {
  readonly folder: SettingsFolder | undefined;
  readonly engine: Pick<ConnectionEngine, "name" | "runsInKeeper">;
  /** They may take over after a login without a question has failed: this window logs in then. */
  readonly alternatives: readonly AlternativeEngine[];
  readonly login: LoginFactory;
  readonly policies: MasterPolicies;
}

/** Reports of a login that is made elsewhere for this window. */
export interface JoinEvents {
  /** Undefined: it waits for nothing. */
  onWait(wait: LoginWait | undefined): void;
  onNews(news: LoginNews): void;
}

/** Connections of others of this user on this machine, which may be shared: other windows, the user's own `ssh`. */
export interface OtherConnections {
  /**
   * Our place on a connection that another one holds; the caller owns it. Undefined: this window is to log in. Waits
   * for a moment while another window logs in to the same destination, and for the user's consent where it is needed.
   * Rejects with the signal's reason, or with the error of a login that was made elsewhere for this window.
   */
  join(login: JoinedLogin, signal: AbortSignal, events?: JoinEvents): Promise<EngineConnection | undefined>;
}
