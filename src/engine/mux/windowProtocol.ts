import { fieldOf } from "../../base/jsonFields.ts";
import { type WireReader, wireString } from "../../base/wire.ts";
import type { UsePolicy } from "../../config/connectionPolicy.ts";
import type { ValueSource } from "../../config/hostConfig.ts";
import type { ProgramSnapshot } from "../../share/programTypes.ts";
import type { WindowName } from "../connectionEngine.ts";
import { type ConnectionInfo, isConnectionInfo } from "../connectionInfo.ts";
import { boundedPrograms, readPrograms } from "./programNotes.ts";

/**
 * What two windows of this extension say to each other, beside OpenSSH's multiplexing protocol: a pair in the HELLO of
 * each, and notes in the proxy phase. Both are JSON. Windows of different protocol versions do not share.
 */
const windowProtocol = 1;

const pairName = "window@ssh-sessions";
const programPair = "program@ssh-sessions";

/** A message number for local extensions (RFC 4250 section 4.1.2). A note never goes to the server. */
export const noteType = 192;

/** Characters of a window's name. */
const longestName = 100;
const longestClaim = 200;

/** The most uses of others that a window shows, and characters of what names one. */
const mostUses = 64;
const longestUse = 300;

/** Both windows say it first. */
export interface WindowHello extends WindowName {
  /** A hash of what connections must have in common to be shared. */
  readonly key: string;
  /** Of the window that holds the connection. */
  readonly info?: ConnectionInfo;
  /** The server takes no more sessions on this connection. */
  readonly isFull?: boolean;
}

/** In the proxy phase. */
export type WindowNote =
  /** From the window that holds the connection, at least every `aliveInterval`: it is not stopped or blocked. */
  | { readonly kind: "alive" }
  /** From the other: how it wants the connection kept, and whether it has anything open on it. */
  | { readonly kind: "use"; readonly inUse: boolean; readonly policy: UsePolicy }
  /** From the window that holds the connection: how it and the windows besides the receiver want it kept. */
  | { readonly kind: "others"; readonly uses: readonly UsePolicy[] }
  /** From the window that holds the connection: the programs on it. Versions up to 0.10 neither say nor understand it. */
  | { readonly kind: "programs"; readonly programs: readonly ProgramSnapshot[] }
  /** From the other, whose user ends one of these programs. */
  | { readonly kind: "endProgram"; readonly id: string };

/** Milliseconds. */
export const aliveInterval = 2_500;

/** The pairs behind the version in HELLO. */
export function encodeWindowHello(hello: WindowHello): Buffer {
  const value = JSON.stringify({ ...hello, protocol: windowProtocol });
  return Buffer.concat([wireString(pairName), wireString(value)]);
}

/** The pair of a gateway, which is a client for another program. @param claim its name and its process id */
export function encodeProgramHello(claim: string): Buffer {
  return Buffer.concat([wireString(programPair), wireString(claim)]);
}

/** Undefined: the client says nothing of itself. */
export function decodeProgramHello(pairs: WireReader): string | undefined {
  for (let name = pairs.text(); name !== undefined; name = pairs.text()) {
    const value = pairs.text();
    if (name === programPair) {
      return value !== undefined && value.length <= longestClaim ? value : undefined;
    }
  }
  return undefined;
}

/** Undefined: the peer is no window, or one of another version. @param pairs what stands behind the version in HELLO */
export function decodeWindowHello(pairs: WireReader): WindowHello | undefined {
  for (let name = pairs.text(); name !== undefined; name = pairs.text()) {
    const value = parse(pairs.text());
    if (name === pairName) {
      const [pid, window, key, info, isFull] = ["pid", "name", "key", "info", "isFull"].map((field) =>
        fieldOf(value, field),
      );
      return fieldOf(value, "protocol") === windowProtocol &&
        typeof pid === "number" &&
        typeof window === "string" &&
        typeof key === "string"
        ? {
            ...{ pid, key, name: window.slice(0, longestName), isFull: isFull === true },
            ...(isConnectionInfo(info) && { info }),
          }
        : undefined;
    }
  }
  return undefined;
}

export function encodeNote(note: WindowNote): Buffer {
  return Buffer.concat([Buffer.from([noteType]), Buffer.from(JSON.stringify(note))]);
}

/** What does not fit is left out. */
export function encodePrograms(programs: readonly ProgramSnapshot[]): Buffer {
  return encodeNote({ kind: "programs", programs: boundedPrograms(programs) });
}

/** Undefined: unknown or malformed. @param message with its number */
export function decodeNote(message: Buffer): WindowNote | undefined {
  const value = parse(message.toString("utf8", 1));
  switch (fieldOf(value, "kind")) {
    case "alive":
      return { kind: "alive" };
    case "use": {
      const policy = readPolicy(fieldOf(value, "policy"));
      return policy && { kind: "use", inUse: fieldOf(value, "inUse") === true, policy };
    }
    case "others": {
      const uses = fieldOf(value, "uses");
      return { kind: "others", uses: Array.isArray(uses) ? uses.slice(0, mostUses).flatMap(readOther) : [] };
    }
    case "programs":
      return { kind: "programs", programs: readPrograms(fieldOf(value, "programs")) };
    case "endProgram": {
      const id = fieldOf(value, "id");
      return typeof id === "string" ? { kind: "endProgram", id } : undefined;
    }
    default:
      return undefined;
  }
}

/** None: malformed. */
function readOther(value: unknown): readonly UsePolicy[] {
  const [policy, window] = [readPolicy(value), fieldOf(value, "window")];
  return policy === undefined || typeof window !== "string"
    ? []
    : [{ ...policy, window: window.slice(0, longestName) }];
}

function readPolicy(value: unknown): UsePolicy | undefined {
  const [spec, folder] = [fieldOf(value, "spec"), fieldOf(value, "folder")];
  const [keepalive, linger] = [fieldOf(value, "keepalive"), fieldOf(value, "linger")];
  const sources = fieldOf(keepalive, "sources");
  const interval = fieldOf(keepalive, "serverAliveInterval");
  const countMax = fieldOf(keepalive, "serverAliveCountMax");
  // JSON has no Infinity: it becomes null.
  const seconds = fieldOf(linger, "seconds") ?? Number.POSITIVE_INFINITY;
  if (
    typeof spec !== "string" ||
    !isAtLeast(interval, 0) ||
    !isAtLeast(countMax, 1) ||
    !isAtLeast(seconds, 0)
  ) {
    return undefined;
  }
  return {
    spec: spec.slice(0, longestUse),
    folder: typeof folder === "string" ? folder.slice(0, longestUse) : undefined,
    keepalive: {
      serverAliveInterval: interval,
      serverAliveCountMax: countMax,
      tcpKeepAlive: fieldOf(keepalive, "tcpKeepAlive") === true,
      sources: {
        serverAliveInterval: readSource(fieldOf(sources, "serverAliveInterval")),
        serverAliveCountMax: readSource(fieldOf(sources, "serverAliveCountMax")),
        tcpKeepAlive: readSource(fieldOf(sources, "tcpKeepAlive")),
      },
    },
    linger: { seconds, source: readSource(fieldOf(linger, "source")) },
  };
}

function readSource(value: unknown): ValueSource {
  const text = (field: string): string => String(fieldOf(value, field) ?? "");
  switch (fieldOf(value, "kind")) {
    case "setting": {
      const layer = text("layer");
      return layer === "user" || layer === "workspace" || layer === "workspaceFolder"
        ? { kind: "setting", setting: text("setting"), layer }
        : { kind: "default" };
    }
    case "hostSetting":
      return { kind: "hostSetting", pattern: text("pattern") };
    case "sshConfig": {
      const [file, line] = [fieldOf(value, "file"), fieldOf(value, "line")];
      return {
        kind: "sshConfig",
        ...(typeof file === "string" && { file }),
        ...(typeof line === "number" && { line }),
      };
    }
    case "commandLine":
      return { kind: "commandLine" };
    default:
      return { kind: "default" };
  }
}

function isAtLeast(value: unknown, least: number): value is number {
  return typeof value === "number" && value >= least;
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
