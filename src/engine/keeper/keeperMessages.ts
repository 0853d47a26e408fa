import type { MasterEndReason } from "../../master/masterTypes.ts";
import type { ChannelDetails, ChannelExit, KeepSpec, KeptLimit, SessionSpec } from "../connectionEngine.ts";
import { field } from "./keeperJson.ts";

/** The version of what is needed to list, attach and end sessions of a keeper. It changes rarely. */
export const keeperProtocol = 1;

/** The keeper's socket in the folder, and where it goes when the keeper takes nothing new any more. */
export const keeperSocketName = "keeper";
export const leavingSocketName = /^keeper\.\d{1,10}$/;

/** Bytes of data that one side sends before the other has consumed any. */
export const dataWindow = 256 * 1024;

/** The keeper's first note, `hello`. */
export interface KeeperHello {
  readonly protocol: number;
  /** Only a window of the same build opens something new. */
  readonly build: string;
  readonly pid: number;
}

/** The call `open`: a session on the connection that is served at `socket`. */
export interface KeptOpen {
  readonly build: string;
  /** Of the window, as are its name and its workspace. */
  readonly pid: number;
  readonly name: string;
  /** The same in all windows that remember the same terminals. */
  readonly workspace: string;
  readonly socket: string;
  readonly spec: Omit<SessionSpec, "keep">;
  readonly keep: KeepSpec;
}

export interface KeptOpened {
  readonly ptyRefused: boolean;
  readonly limitedFor: number;
  readonly idleFor: number;
  /** Bytes of input that the session has received. */
  readonly input: number;
  readonly details: ChannelDetails;
}

/** The note `closed`. */
export interface KeptClosed {
  readonly exit: ChannelExit;
  readonly lost: boolean;
  /** It goes on in another window, which has taken it. */
  readonly moved?: boolean | undefined;
  /** How the keeper's connection was lost. */
  readonly lostBy?: MasterEndReason | undefined;
  readonly limit?: KeptLimit | undefined;
}

/** A session in the reply to the call `list`. Times are wall-clock milliseconds. */
export interface KeptListed {
  readonly id: string;
  readonly host: string;
  readonly title: string;
  readonly since: number;
  /** The process id of the window that is attached to it. */
  readonly window: number | undefined;
  /** Of that window. Absent: the keeper, or the window, is of a version without them. */
  readonly windowName?: string | undefined;
  readonly workspace?: string | undefined;
  readonly ended: boolean;
}

/** A connection of the keeper, in the reply to the calls `connect` and `where`. */
export interface ServedConnection {
  /** The name of its socket in the folder. */
  readonly socket: string;
}

/** Where plain `ssh` finds a connection of the keeper, in the reply to the call `programs`. */
export interface ServedPrograms {
  /** The name of the gateway's socket in the folder. */
  readonly socket: string;
  /** A line of known_hosts with the gateway's key. */
  readonly knownHosts: string;
}

/** Undefined: it is no keeper, or one of a version with which nothing can be done. */
export function readHello(value: unknown): KeeperHello | undefined {
  const [protocol, build, pid] = ["protocol", "build", "pid"].map((name) => field(value, name));
  return protocol === keeperProtocol && typeof build === "string" && typeof pid === "number"
    ? { protocol, build, pid }
    : undefined;
}
