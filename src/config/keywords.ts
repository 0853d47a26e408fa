import type { Directive } from "./configLine.ts";
import { sshLogLevels } from "./hostConfig.ts";
import { parseHostSpec, parsePort } from "./hostSpec.ts";
import { canonicalKeyword, isKeyword, type Keyword } from "./keywordTable.ts";
import { parseTime } from "./openSshTime.ts";

/** OpenSSH refuses the argument of this keyword. Callers add the file and line. */
export class ArgumentError extends Error {}

/** How several lines with the same keyword are merged. */
export type Merge =
  /** The first value stays. */
  | "first"
  /** Every value counts, in order. */
  | "append"
  /** ProxyCommand and ProxyJump exclude each other; the evaluation handles this. */
  | "proxy"
  /** Accepted without effect: deprecated, or not needed here. */
  | "ignored"
  /** RefuseConnection: where it applies, no connection is made. */
  | "refusal"
  /** Host, Match, Include: controls which lines are read. */
  | "control";

export interface KeywordRule {
  /** The name that `ssh -G` prints, lower case. */
  readonly name: Keyword;
  readonly merge: Merge;
  /**
   * The value as `ssh -G` prints it, one string per list item, before tokens are expanded. Empty: as if not set.
   * @throws ArgumentError
   */
  readonly read: (directive: Directive) => readonly string[];
}

/**
 * The rule for `keyword` (lower case); undefined: OpenSSH does not know it. An obsolete name has the rule of its
 * replacement.
 */
export function keywordRule(keyword: string): KeywordRule | undefined {
  const name = canonicalKeyword(keyword);
  return name && rules.get(name);
}

function single(parse: (argument: string) => readonly string[] | string | undefined): KeywordRule["read"] {
  return ({ args }) => {
    const [argument = "", ...others] = args;
    if (argument === "") {
      throw new ArgumentError("an argument is missing");
    }
    if (others.length > 0) {
      throw new ArgumentError(`there is more than one argument ("${others[0]}")`);
    }
    const value = parse(argument);
    if (value === undefined) {
      throw new ArgumentError(`"${argument}" is not allowed here`);
    }
    return typeof value === "string" ? [value] : value;
  };
}

/** One of several words, with the printed form of each. Case does not matter. */
function choice(words: Readonly<Record<string, string>>): KeywordRule["read"] {
  return single((argument) => words[argument.toLowerCase()]);
}

const text = single((argument) => argument);
const flags: Readonly<Record<string, string>> = { yes: "yes", true: "yes", no: "no", false: "no" };
const flag = choice(flags);
/** Printed as `true` and `false`, as for all keywords with more values than yes and no. */
const yesNo = { yes: "true", true: "true", no: "false", false: "false" } as const;
const time = single((argument) => (argument === "none" ? [] : parseTime(argument)?.toString()));
const integer = single((argument) =>
  /^\d+$/.test(argument) && Number(argument) <= 0x7fffffff ? String(Number(argument)) : undefined,
);

/** The unparsed rest of the line, including a comment. */
const command: KeywordRule["read"] = ({ rest }) => [rest];

const words: KeywordRule["read"] = ({ args }) => {
  if (args.includes("")) {
    throw new ArgumentError("an argument is empty");
  }
  if (args.length > 1 && args.some((argument) => argument.toLowerCase() === "none")) {
    throw new ArgumentError(`"none" must stand alone`);
  }
  return args;
};

/** readconf.c, parse_jump: each hop is a host spec or an ssh:// URI; a comment is cut off anywhere. */
const jump: KeywordRule["read"] = ({ rest }) => {
  // Not a single regular expression: it would search for the # again from each blank.
  const value = rest.replace(/#.*$/s, "").trimEnd();
  if (value.toLowerCase() !== "none") {
    for (const hop of value.split(",")) {
      try {
        // Tokens are expanded later; they must not make the hop unreadable.
        parseHostSpec(hop.replace(/%./g, "x"));
      } catch (cause) {
        throw new ArgumentError(`"${hop}" is not a host to jump through`, { cause });
      }
    }
  }
  return [value];
};

const escapeCharacter = single((argument) => {
  if (argument === "none" || argument.length === 1) {
    return argument;
  }
  const control = /^\^([@-\u007f])$/.exec(argument)?.[1];
  return control && String.fromCharCode(control.charCodeAt(0) & 31);
});

const controlPersist = single((argument) => {
  switch (argument) {
    case "no":
    case "false":
      return "no";
    case "yes":
    case "true":
    case "0":
      return "yes";
    default: {
      const seconds = parseTime(argument);
      return seconds === 0 ? "yes" : seconds?.toString();
    }
  }
});

const forwardAgent = single((argument) => {
  const word = argument.toLowerCase();
  return word === "yes" || word === "true" ? "yes" : word === "no" || word === "false" ? "no" : argument;
});

const agentSocket = single((argument) => (/^\$(?!\{)(?!\w+$)/.test(argument) ? undefined : argument));

const sendEnv: KeywordRule["read"] = ({ args }) => {
  if (args.length === 0 || args.some((name) => name === "" || name.includes("="))) {
    throw new ArgumentError("a name of an environment variable is missing or has a =");
  }
  return args;
};

const setEnv: KeywordRule["read"] = ({ args }) => {
  if (args.length === 0 || args.some((assignment) => !assignment.includes("="))) {
    throw new ArgumentError("NAME=value is expected");
  }
  const names = new Set<string>();
  return args.filter((assignment) => {
    const name = assignment.slice(0, assignment.indexOf("="));
    const isFirst = !names.has(name);
    names.add(name);
    return isFirst;
  });
};

const channelTimeout: KeywordRule["read"] = (directive) => {
  const values = words(directive);
  for (const value of values) {
    const interval = /^[^=]+=(.*)$/s.exec(value)?.[1];
    if (value.toLowerCase() !== "none" && (interval === undefined || parseTime(interval) === undefined)) {
      throw new ArgumentError(`"${value}" is not pattern=interval`);
    }
  }
  return values;
};

const anything: KeywordRule["read"] = ({ args }) => args;

/** Like `anything`, but an argument is required. */
const something: KeywordRule["read"] = ({ args }) => {
  if (args.length === 0 || args.includes("")) {
    throw new ArgumentError("an argument is missing");
  }
  return args;
};

/** All arguments as one value, as `ssh -G` prints them. */
const line: KeywordRule["read"] = (given) => [something(given).join(" ")];

/** `no`, `ask`, `yes`, `confirm`, a time, or `confirm` and a time. */
const addKeysToAgent: KeywordRule["read"] = ({ args }) => {
  const [word = "", time, ...others] = args;
  const known =
    flags[word.toLowerCase()] ?? (/^(?:ask|confirm)$/i.test(word) ? word.toLowerCase() : undefined);
  if (others.length > 0 || (time !== undefined && known !== "confirm")) {
    throw new ArgumentError("there is more than one argument");
  }
  const lifetime = time ?? (known === undefined ? word : undefined);
  const seconds = lifetime === undefined ? 0 : parseTime(lifetime);
  if (seconds === undefined) {
    throw new ArgumentError(`"${lifetime}" is neither a time nor yes, no, ask or confirm`);
  }
  const printed = known === "yes" ? "true" : known === "no" ? "false" : (known ?? "");
  // As `ssh -G` prints it: a time alone means yes.
  return [seconds > 0 ? `${printed === "confirm" ? "confirm " : ""}${seconds}` : printed || "true"];
};

const logLevel = choice({
  ...Object.fromEntries(sshLogLevels.map((level) => [level.toLowerCase(), level])),
  debug1: "DEBUG",
});

/** readconf.c, oVersionAddendum: the rest of the line up to a `#`. */
const addendum: KeywordRule["read"] = ({ rest }) => {
  const value = rest.replace(/#.*$/s, "").trimEnd();
  if (value === "") {
    throw new ArgumentError("an argument is missing");
  }
  return [value];
};

const strictHostKeyChecking = choice({ ...yesNo, off: "false", ask: "ask", "accept-new": "accept-new" });
const pubkeyAuthentication = choice({ ...yesNo, unbound: "unbound", "host-bound": "host-bound" });
const requestTty = choice({ ...yesNo, force: "force", auto: "auto" });
const controlMaster = choice({ ...yesNo, auto: "auto", ask: "ask", autoask: "autoask" });
const tunnel = choice({ ...yesNo, "point-to-point": "point-to-point", ethernet: "ethernet" });

const rules: ReadonlyMap<Keyword, KeywordRule> = new Map(
  (
    [
      ["control", anything, "host match include"],
      ["first", text, "user hostname hostkeyalias tag bindaddress bindinterface preferredauthentications"],
      ["first", text, "ciphers macs kexalgorithms hostkeyalgorithms pubkeyacceptedalgorithms"],
      ["first", text, "casignaturealgorithms"],
      ["first", text, "ignoreunknown controlpath pkcs11provider securitykeyprovider kbdinteractivedevices"],
      ["first", flag, "batchmode hashknownhosts identitiesonly passwordauthentication"],
      ["first", flag, "kbdinteractiveauthentication tcpkeepalive gssapiauthentication forwardx11"],
      ["first", flag, "hostbasedauthentication permitlocalcommand clearallforwardings"],
      ["first", flag, "forwardx11trusted gatewayports exitonforwardfailure checkhostip enablesshkeysign"],
      ["first", flag, "nohostauthenticationforlocalhost visualhostkey canonicalizefallbacklocal"],
      ["first", flag, "streamlocalbindunlink proxyusefdpass stdinnull forkafterauthentication"],
      ["first", flag, "enableescapecommandline gssapidelegatecredentials gssapikeyexchange"],
      ["first", time, "connecttimeout serveraliveinterval forwardx11timeout"],
      ["first", integer, "connectionattempts numberofpasswordprompts serveralivecountmax"],
      ["first", integer, "canonicalizemaxdots requiredrsasize"],
      ["first", single((argument) => parsePort(argument)?.toString()), "port"],
      // Accepts no other words for yes and no.
      ["first", choice({ yes: "yes", no: "no" }), "compression"],
      ["first", choice({ any: "any", inet: "inet", inet6: "inet6" }), "addressfamily"],
      ["first", choice({ ...flags, "no-pq-kex": "no" }), "warnweakcrypto"],
      ["first", choice({ ...yesNo, ask: "ask" }), "verifyhostkeydns updatehostkeys"],
      ["first", choice({ ...yesNo, always: "always" }), "canonicalizehostname"],
      ["first", strictHostKeyChecking, "stricthostkeychecking"],
      ["first", pubkeyAuthentication, "pubkeyauthentication"],
      ["first", requestTty, "requesttty"],
      ["first", controlMaster, "controlmaster"],
      ["first", tunnel, "tunnel"],
      ["first", choice({ none: "none", subsystem: "subsystem", default: "default" }), "sessiontype"],
      ["first", words, "userknownhostsfile globalknownhostsfile revokedhostkeys"],
      ["first", escapeCharacter, "escapechar"],
      ["first", controlPersist, "controlpersist"],
      ["first", forwardAgent, "forwardagent"],
      ["first", agentSocket, "identityagent"],
      ["first", setEnv, "setenv"],
      ["first", channelTimeout, "channeltimeout"],
      ["first", addKeysToAgent, "addkeystoagent"],
      ["first", logLevel, "loglevel"],
      ["first", addendum, "versionaddendum"],
      ["first", command, "remotecommand knownhostscommand localcommand"],
      ["first", something, "tunneldevice canonicaldomains canonicalizepermittedcnames"],
      ["first", something, "fingerprinthash ipqos rekeylimit obscurekeystroketiming"],
      ["append", text, "identityfile certificatefile"],
      ["append", sendEnv, "sendenv"],
      ["append", line, "localforward remoteforward dynamicforward"],
      ["proxy", command, "proxycommand"],
      ["proxy", jump, "proxyjump"],
      ["refusal", single((argument) => argument), "refuseconnection"],
      ["first", line, "permitremoteopen"],
      ["first", single((argument) => argument), "streamlocalbindmask"],
      ["ignored", something, "logverbose xauthlocation syslogfacility"],
      ["ignored", something, "hostbasedacceptedalgorithms"],
      ["ignored", anything, "protocol cipher compressionlevel fallbacktorsh globalknownhostsfile2"],
      ["ignored", anything, "userknownhostsfile2 rhostsauthentication"],
      ["ignored", anything, "useroaming usersh useprivilegedport afstokenpassing kerberosauthentication"],
      ["ignored", anything, "kerberostgtpassing rsaauthentication rhostsrsaauthentication"],
      ["ignored", anything, "usekeychain gssapikexalgorithms gssapitrustdns"],
      ["ignored", anything, "gssapirenewalforcesrekey gssapiclientidentity gssapiserveridentity"],
    ] as const
  ).flatMap(([merge, read, names]) =>
    names
      .split(" ")
      .filter(isKeyword)
      .map((name) => [name, { name, merge, read }]),
  ),
);
