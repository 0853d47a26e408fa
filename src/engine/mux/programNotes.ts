/** Programs on a connection, as one window says them to another. */
import { fieldOf } from "../../base/jsonFields.ts";
import type { ProgramSnapshot } from "../../share/programTypes.ts";
import type { RelayedChannelSnapshot } from "../channels/relay/relayTypes.ts";

/** Of JSON: a note must fit into a frame. What does not fit is left out, the last programs and channels first. */
const longestList = 100_000;

/** Characters of an id, of a name, and of what a row may show. */
const longestId = 100;
const longestText = 200;

const mostPrograms = 256;
const mostListeners = 64;

/** A list that is short enough. */
export function boundedPrograms(programs: readonly ProgramSnapshot[]): readonly ProgramSnapshot[] {
  let left = longestList;
  const takes = (value: unknown): boolean => {
    left -= JSON.stringify(value).length * 2;
    return left >= 0;
  };
  return programs.slice(0, mostPrograms).flatMap(({ channels, listeners = [], ...rest }) => {
    const head = { ...rest, listeners: listeners.slice(0, mostListeners).map((each) => cut(each)) };
    return takes(head) ? [{ ...head, channels: channels.map(shortChannel).filter(takes) }] : [];
  });
}

function shortChannel({ command, target, ...rest }: RelayedChannelSnapshot): RelayedChannelSnapshot {
  return {
    ...{ ...rest, command: command === undefined ? undefined : cut(command) },
    ...(target !== undefined && { target: cut(target) }),
  };
}

/** None: malformed. */
export function readPrograms(value: unknown): readonly ProgramSnapshot[] {
  return Array.isArray(value) ? value.slice(0, mostPrograms).flatMap(readProgram) : [];
}

function readProgram(value: unknown): readonly ProgramSnapshot[] {
  const [id, name, pid, since] = ["id", "name", "pid", "since"].map((field) => fieldOf(value, field));
  const [listeners, channels, call, past] = ["listeners", "channels", "call", "past"].map((field) =>
    fieldOf(value, field),
  );
  if (typeof id !== "string" || typeof since !== "number" || !Array.isArray(channels)) {
    return [];
  }
  return [
    Object.freeze({
      ...{ id: id.slice(0, longestId), masterId: "", since },
      name: typeof name === "string" ? cut(name) : undefined,
      pid: typeof pid === "number" ? pid : undefined,
      ...(typeof call === "string" && { call: cut(call) }),
      listeners: Array.isArray(listeners)
        ? listeners.filter((each) => typeof each === "string").map(cut)
        : [],
      channels: channels.flatMap(readChannel),
      ...readPast(past),
    }),
  ];
}

function readChannel(value: unknown): readonly RelayedChannelSnapshot[] {
  const [type, command, target] = ["type", "command", "target"].map((field) => fieldOf(value, field));
  const [bytesIn, bytesOut] = [fieldOf(value, "bytesIn"), fieldOf(value, "bytesOut")];
  return typeof type !== "string" || typeof bytesIn !== "number" || typeof bytesOut !== "number"
    ? []
    : [
        {
          ...{ type: cut(type), bytesIn, bytesOut },
          command: typeof command === "string" ? cut(command) : undefined,
          ...(typeof target === "string" && { target: cut(target) }),
        },
      ];
}

function readPast(value: unknown): Pick<ProgramSnapshot, "past"> {
  const [connections, bytesIn, bytesOut] = ["connections", "bytesIn", "bytesOut"].map((field) =>
    fieldOf(value, field),
  );
  return typeof connections === "number" && typeof bytesIn === "number" && typeof bytesOut === "number"
    ? { past: { connections, bytesIn, bytesOut } }
    : {};
}

function cut(text: string): string {
  return text.slice(0, longestText);
}
