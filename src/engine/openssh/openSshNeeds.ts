import type { HostConfig } from "../../config/hostConfig.ts";
import type { Keyword } from "../../config/keywordTable.ts";
import type { EngineEntry } from "../engineTable.ts";
import { KerberosTicket } from "./kerberosTicket.ts";

export interface OpenSshNeedsInit {
  /** The user has chosen OpenSSH for this host, after a login for which ssh2 lacks an algorithm. */
  readonly isChosenFor: (config: HostConfig) => boolean;
  /** Default: this machine's. */
  readonly platform?: NodeJS.Platform;
  /** Default: asks `klist`. */
  readonly ticket?: Pick<KerberosTicket, "isValid" | "refresh">;
}

/** What only OpenSSH's own `ssh` can log in with, where the user's own file asks for it. */
const onlyOpenSsh: ReadonlySet<Keyword> = new Set(["pkcs11provider", "hostbasedauthentication"]);

/**
 * Hosts whose ssh_config asks for a login that only OpenSSH can do. Values of the system's file don't count (Debian
 * sets GSSAPIAuthentication for every host), and neither does GSSAPI without a ticket. A host with ForwardAgent is
 * left to the other engine: a master forwards no agent for a proxy client.
 */
export function openSshNeeds({
  isChosenFor,
  platform = process.platform,
  ticket = new KerberosTicket(),
}: OpenSshNeedsInit): Required<Pick<EngineEntry, "isNeededFor" | "prepare">> {
  return {
    isNeededFor: (config) =>
      platform !== "win32" &&
      config.forwardAgent === false &&
      (userSets(config, onlyOpenSsh) || (asksForGssapi(config) && ticket.isValid) || isChosenFor(config)),
    prepare: async (config) => {
      if (asksForGssapi(config)) {
        await ticket.refresh();
      }
    },
  };
}

function asksForGssapi(config: HostConfig): boolean {
  return userSets(config, new Set<Keyword>(["gssapiauthentication"]));
}

/** The user's own file sets one of the keywords. */
function userSets({ warnings }: HostConfig, keywords: ReadonlySet<Keyword>): boolean {
  return warnings.some(
    (warning) => warning.kind === "keyword" && !warning.isSystemWide && keywords.has(warning.keyword),
  );
}
