import type { BlockLine } from "./hostBlock.ts";
import type { HostConfig } from "./hostConfig.ts";
import { type Keyword, keywordTable } from "./keywordTable.ts";

/** The form of a keyword's values, as parsed by readconf.c. */
type Form =
  /** One argument. */
  | "one"
  /** Arguments, which `ssh -G` prints with blanks between them. */
  | "words"
  /** All values as arguments of one line, because the first line applies. */
  | "arguments"
  /** One line for each value, because lines accumulate. */
  | "lines";

/**
 * Values of one host that do not depend on its name, besides those that a Host block always has. Left out are
 * keywords that take the rest of their line (commands), open forwards, or are meaningful only with others.
 */
const carried = {
  addkeystoagent: "words",
  addressfamily: "one",
  batchmode: "one",
  bindaddress: "one",
  casignaturealgorithms: "one",
  certificatefile: "lines",
  channeltimeout: "arguments",
  ciphers: "one",
  compression: "one",
  connectionattempts: "one",
  connecttimeout: "one",
  controlpersist: "one",
  enableescapecommandline: "one",
  forwardagent: "one",
  globalknownhostsfile: "arguments",
  hashknownhosts: "one",
  hostkeyalgorithms: "one",
  identityagent: "one",
  kbdinteractiveauthentication: "one",
  kexalgorithms: "one",
  macs: "one",
  nohostauthenticationforlocalhost: "one",
  numberofpasswordprompts: "one",
  passwordauthentication: "one",
  preferredauthentications: "one",
  pubkeyacceptedalgorithms: "one",
  pubkeyauthentication: "one",
  rekeylimit: "words",
  requesttty: "one",
  requiredrsasize: "one",
  revokedhostkeys: "arguments",
  sendenv: "lines",
  serveralivecountmax: "one",
  serveraliveinterval: "one",
  setenv: "arguments",
  stricthostkeychecking: "one",
  tcpkeepalive: "one",
  updatehostkeys: "one",
  userknownhostsfile: "arguments",
} as const satisfies Partial<Record<Keyword, Form>>;

/** Tokens are expanded in these values, and were already expanded when they were read. */
const withTokens: ReadonlySet<string> = new Set([
  "certificatefile",
  "forwardagent",
  "identityagent",
  "revokedhostkeys",
  "userknownhostsfile",
]);

/**
 * The lines that a Host block needs so that its name keeps the values that the blocks of ssh_config set for `config`,
 * whose name may match others.
 * @param now the values of the block's name without the block
 */
export function carriedLines(config: HostConfig, now: HostConfig): readonly BlockLine[] {
  return Object.entries(carried).flatMap(([keyword, form]) => {
    const values = config.values.get(keyword) ?? [];
    const same = JSON.stringify(values) === JSON.stringify(now.values.get(keyword) ?? []);
    const isSet = values.length > 0 && config.sources.get(keyword)?.kind === "sshConfig";
    const written = withTokens.has(keyword) ? values.map((value) => value.replaceAll("%", "%%")) : values;
    return same || !isSet ? [] : linesOf(keywordTable[keyword as Keyword].name, form, written);
  });
}

function linesOf(keyword: string, form: Form, values: readonly string[]): readonly BlockLine[] {
  switch (form) {
    case "one":
    case "lines":
      return values.map((value) => ({ keyword, value }));
    case "words":
      return [{ keyword, value: values.flatMap((value) => value.split(" ")) }];
    case "arguments":
      return [{ keyword, value: values }];
  }
}
