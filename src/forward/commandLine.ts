/** The forward commands of the command line of `ssh` (`~C`): process_cmdline in OpenSSH's clientloop.c. */
import { CancelledError } from "../base/errors.ts";
import type { SettingsFolder } from "../config/configPorts.ts";
import {
  type ForwardKind,
  type ForwardSpec,
  ForwardSpecError,
  type ListenAddress,
  parseForwardArgument,
} from "../config/forwardSpec.ts";
import { forwardKey } from "./forwardKey.ts";
import type { ForwardService } from "./forwardService.ts";
import type { ForwardSnapshot } from "./forwardTypes.ts";

/** Lines that change nothing. */
type Idle =
  | { readonly kind: "nothing" | "help" | "invalid" }
  | { readonly kind: "bad"; readonly error: ForwardSpecError };

type Command =
  | Idle
  | { readonly kind: "start"; readonly spec: ForwardSpec }
  | { readonly kind: "cancel"; readonly forwards: ForwardKind; readonly listen: ListenAddress };

export type CommandLineOutcome =
  | Idle
  /** The forward listens or was refused. */
  | { readonly kind: "started"; readonly forward: ForwardSnapshot }
  /** The user declined an open listener. */
  | { readonly kind: "declined" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "cancelled"; readonly forward: ForwardSnapshot }
  /** There is no such forward. */
  | { readonly kind: "unknown" };

/** The terminal where a command line was typed. */
export interface CommandLinePlace {
  readonly host: string;
  readonly folder: SettingsFolder | undefined;
  readonly masterId: string | undefined;
}

const kinds: Readonly<Record<string, ForwardKind>> = { L: "local", R: "remote", D: "dynamic" };

/** Executes the line. Never rejects. */
export async function runCommandLine(
  line: string,
  { host, folder, masterId }: CommandLinePlace,
  service: Pick<ForwardService, "forwards" | "start" | "stop">,
): Promise<CommandLineOutcome> {
  const command = parseCommand(line);
  switch (command.kind) {
    case "start":
      try {
        const request = { host, spec: command.spec, origin: { kind: "person" } as const };
        return { kind: "started", forward: await service.start({ ...request, ...(folder && { folder }) }) };
      } catch (error) {
        return CancelledError.is(error) ? { kind: "declined" } : { kind: "failed", error };
      }
    case "cancel": {
      const forward = service
        .forwards()
        .find((each) => each.masterId === masterId && isMeant(each, command.forwards, command.listen));
      if (forward === undefined) {
        return { kind: "unknown" };
      }
      service.stop(forward.id);
      return { kind: "cancelled", forward };
    }
    default:
      return command;
  }
}

function parseCommand(line: string): Command {
  const [, cancel, letter = "", rest = ""] = /^\s*-?(K)?(.?)\s*(.*?)\s*$/s.exec(line) ?? [];
  const kind = kinds[letter];
  if (cancel === undefined && letter === "") {
    return { kind: "nothing" };
  }
  if (cancel === undefined && ["h", "H", "?"].includes(letter)) {
    return { kind: "help" };
  }
  if (kind === undefined) {
    return { kind: "invalid" };
  }
  try {
    return cancel === undefined
      ? { kind: "start", spec: parseForwardArgument(kind, rest) }
      : { kind: "cancel", forwards: kind, listen: parseForwardArgument("dynamic", rest).listen };
  } catch (error) {
    if (ForwardSpecError.is(error)) {
      return { kind: "bad", error };
    }
    throw error;
  }
}

/** The port may be one that was assigned for port 0. */
function isMeant({ spec, port }: ForwardSnapshot, kind: ForwardKind, listen: ListenAddress): boolean {
  const own = spec.listen.type === "tcp" && port !== undefined ? { ...spec.listen, port } : spec.listen;
  const key = (at: ListenAddress): string => forwardKey({ kind: "dynamic", listen: at }, false);
  return spec.kind === kind && key(own) === key(listen);
}
