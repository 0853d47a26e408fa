/**
 * JSON for what a window and the keeper say to each other. Beside JSON's own values it carries bytes, maps, `undefined`,
 * infinity, and the errors of this extension with their classes: an error keeps its meaning on both sides.
 */
import { AgentError, AuthError, KeyFileError, OtherEngineError } from "../../auth/authErrors.ts";
import { CancelledError } from "../../base/errors.ts";
import { ConfigError } from "../../config/configErrors.ts";
import { HostKeyError } from "../../trust/hostKeyErrors.ts";
import { ChannelError, ConnectError } from "../engineErrors.ts";

const errorClasses = [
  CancelledError,
  ConfigError,
  HostKeyError,
  AuthError,
  OtherEngineError,
  KeyFileError,
  AgentError,
  ConnectError,
  ChannelError,
] as const;

/** The key of an object that stands for a value that JSON lacks. A plain object with this key is not sent. */
const tag = "$";

/** An error and its causes, at most. */
const mostCauses = 8;

export function toJson(value: unknown): string {
  return JSON.stringify(packed(value, 0));
}

/** @throws SyntaxError */
export function fromJson(text: string): unknown {
  return unpacked(JSON.parse(text));
}

function packed(value: unknown, causes: number): unknown {
  if (value === undefined) {
    return { [tag]: "undefined" };
  }
  if (value === Number.POSITIVE_INFINITY) {
    return { [tag]: "infinity" };
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((each) => packed(each, causes));
  }
  if (value instanceof Uint8Array) {
    return { [tag]: "bytes", of: Buffer.from(value).toString("base64") };
  }
  if (value instanceof Map) {
    return { [tag]: "map", of: packed([...value], causes) };
  }
  if (value instanceof Error) {
    const kind = errorClasses.find((each) => value instanceof each)?.name ?? "Error";
    const { message } = value;
    const cause = packed(causes < mostCauses ? value.cause : undefined, causes + 1);
    const { cause: _sent, ...fields } = { ...value };
    return { [tag]: "error", kind, message, cause, of: packedFields(fields, causes + 1) };
  }
  return packedFields(value, causes);
}

function packedFields(value: object, causes: number): object {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => typeof each !== "function")
      .map(([key, each]) => [key, packed(each, causes)]),
  );
}

function unpacked(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(unpacked);
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  switch (fields.get(tag)) {
    case "undefined":
      return undefined;
    case "infinity":
      return Number.POSITIVE_INFINITY;
    case "bytes":
      return Buffer.from(String(fields.get("of")), "base64");
    case "map": {
      const entries = unpacked(fields.get("of"));
      return new Map(Array.isArray(entries) ? entries.filter(isPair) : []);
    }
    case "error":
      return unpackedError(fields);
    default:
      return unpackedFields(value);
  }
}

function unpackedFields(value: object): object {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, unpacked(each)]));
}

function unpackedError(fields: ReadonlyMap<string, unknown>): Error {
  const of = fields.get("of");
  const kind = errorClasses.find(({ name }) => name === fields.get("kind"));
  const given = [String(fields.get("message")), { cause: unpacked(fields.get("cause")) }];
  // A real Error of the class, without its constructor: each has arguments of its own.
  const error: unknown = Reflect.construct(Error, given, kind ?? Error);
  return Object.assign(
    error instanceof Error ? error : new Error(),
    unpackedFields(of instanceof Object ? of : {}),
  );
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2;
}

/** A field of an object of the other side; undefined: there is none. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
