import type { HostConfig } from "../../config/hostConfig.ts";
import type { Keyword } from "../../config/keywordTable.ts";
import type { EngineEntry } from "../engineTable.ts";
import { KerberosTicket } from "./kerberosTicket.ts";
import { unableReasons } from "./openSshReasons.ts";

export interface OpenSshNeedsInit {
  /** The user has chosen OpenSSH for this host, after a login for which ssh2 lacks an algorithm. */
  readonly isChosenFor: (config: HostConfig) => boolean;
  /** Default: this machine's. */
  readonly platform?: NodeJS.Platform;
  /** Default: runs `klist`. */
  readonly ticket?: Pick<KerberosTicket, "isValid" | "refresh">;
}

/** Keywords for login methods that only OpenSSH's own `ssh` supports, if the user's own file sets them. */
const onlyOpenSsh: ReadonlySet<Keyword> = new Set(["pkcs11provider", "hostbasedauthentication"]);

const gssapi: ReadonlySet<Keyword> = new Set(["gssapiauthentication"]);

/**
 * Hosts whose ssh_config sets a login method that only OpenSSH supports. Values in the system's file don't count
 * (Debian sets GSSAPIAuthentication for every host), and neither does GSSAPI without a ticket; but if no key logs in,
 * GSSAPI is tried before a question, whichever file sets it. A host with ForwardAgent is left to the other engine: a
 * master forwards no agent for a proxy client.
 */
export function openSshNeeds({
  isChosenFor,
  platform = process.platform,
  ticket = new KerberosTicket(),
}: OpenSshNeedsInit): Required<Pick<EngineEntry, "isNeededFor" | "prepare" | "mayLogInBy" | "isUnableBy">> {
  const isPossibleFor = (config: HostConfig): boolean =>
    platform !== "win32" && config.forwardAgent === false;
  return {
    isNeededFor: (config) =>
      isPossibleFor(config) &&
      (userSets(config, onlyOpenSsh) || (asksForGssapi(config) && ticket.isValid) || isChosenFor(config)),
    mayLogInBy: async (config, methodsLeft) => {
      const accepted = config.preferredAuthentications.filter((method) => methodsLeft.includes(method));
      if (!isPossibleFor(config) || !accepted.includes("gssapi-with-mic") || !anySets(config, gssapi)) {
        return false;
      }
      await ticket.refresh();
      return ticket.isValid;
    },
    isUnableBy: (reason) => unableReasons.has(reason),
    prepare: async (config) => {
      if (asksForGssapi(config)) {
        await ticket.refresh();
      }
    },
  };
}

function asksForGssapi(config: HostConfig): boolean {
  return userSets(config, gssapi);
}

/** The user's or the system's file sets one of the keywords. */
function anySets({ warnings }: HostConfig, keywords: ReadonlySet<Keyword>): boolean {
  return warnings.some((warning) => warning.kind === "keyword" && keywords.has(warning.keyword));
}

/** The user's own file sets one of the keywords. */
function userSets({ warnings }: HostConfig, keywords: ReadonlySet<Keyword>): boolean {
  return warnings.some(
    (warning) => warning.kind === "keyword" && !warning.isSystemWide && keywords.has(warning.keyword),
  );
}
