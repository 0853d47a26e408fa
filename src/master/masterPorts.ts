import type { Duplex } from "node:stream";
import type { Authenticator } from "../auth/authPorts.ts";
import type { HostConfig, JumpHop, KeepalivePolicy, LingerPolicy } from "../config/hostConfig.ts";
import type { HostKeyVerifier } from "../trust/hostKeyPorts.ts";

/** The policies in force for a host; asked again whenever settings or ssh_config change. */
export interface MasterPolicies {
  keepalive(config: HostConfig): KeepalivePolicy;
  linger(config: HostConfig): LingerPolicy;
  /** The host is known not to answer probes. */
  ignoreMissingReplies(config: HostConfig): boolean;
}

export interface LoginOptions {
  /** False: whatever would ask a person counts as not available. */
  readonly allowPrompts: boolean;
  /** Every prompt runs inside: the connect deadline stands still meanwhile. */
  pause<T>(work: () => Promise<T>): Promise<T>;
  /** Aborts when the login is given up; open prompts close. */
  readonly signal: AbortSignal;
}

/** Makes what one login needs. */
export type LoginFactory = (
  config: HostConfig,
  options: LoginOptions,
) => { readonly verifier: HostKeyVerifier; readonly authenticator: Authenticator };

/** Runs a ProxyCommand through the user's shell; the stream's destruction ends the process. */
export type ProxyRunner = (config: HostConfig) => Duplex;

/** Resolves the hops of a ProxyJump; the given chain replaces the hop's own ProxyJump unless it is the first hop. */
export type HopResolver = (
  hop: JumpHop,
  before: readonly JumpHop[],
  signal: AbortSignal,
) => Promise<HostConfig>;
