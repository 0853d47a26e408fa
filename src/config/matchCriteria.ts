import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { tableVersion } from "./keywordTable.ts";
import { matchHostNameList, matchPatternList } from "./patterns.ts";

/** The values that the criteria of a `Match` line are compared with. */
export interface MatchSubject {
  /** The host name as known at this point of the file. */
  readonly hostName: string;
  readonly originalHost: string;
  readonly user: string;
  readonly localUser: string;
  readonly tag: string;
  /** SessionType as known at this point of the file. */
  readonly sessionType: string;
  readonly isFinalPass: boolean;
}

export interface MatchResult {
  readonly matches: boolean;
  /** The line has `final`: the files must be read a second time. */
  readonly wantsFinalPass: boolean;
  /** The line has `exec`, which we never run; it does not match. */
  readonly usesExec: boolean;
  /** Set where OpenSSH refuses the line. */
  readonly problem?: string;
}

/** Evaluates a `Match` line (readconf.c, match_cfg_line). All criteria must hold; each can be negated with `!`. */
export function judgeMatch(args: readonly string[], subject: MatchSubject): MatchResult {
  let matches = true;
  let wantsFinalPass = false;
  let usesExec = false;
  const result = (problem?: string): MatchResult => ({
    ...{ matches: matches && problem === undefined, wantsFinalPass, usesExec },
    ...(problem !== undefined && { problem }),
  });
  if (args.length === 0) {
    return result("a criterion is missing");
  }
  for (let i = 0; i < args.length; i++) {
    const written = args[i] as string;
    const isNegated = written.startsWith("!");
    const [, name = "", assigned] = /^!?([^=]*)(?:=(.*))?$/s.exec(written) ?? [];
    const criterion = name.toLowerCase();
    if (criterion === "all") {
      if (i > 1 || i + 1 < args.length) {
        return result(`"${written}" can't be combined with other criteria`);
      }
      matches &&= !isNegated;
      return result();
    }
    if (criterion === "final" || criterion === "canonical") {
      // Also when negated, as in OpenSSH before 10.1.
      wantsFinalPass ||= criterion === "final";
      matches &&= subject.isFinalPass !== isNegated;
      continue;
    }
    const argument = assigned ?? args[++i];
    if (argument === undefined || (argument === "" && criterion !== "tagged" && criterion !== "command")) {
      return result(`"${written}" has no argument`);
    }
    if (criterion === "exec") {
      // A criterion that is not run does not match, negated or not.
      usesExec = true;
      matches = false;
      continue;
    }
    const holds = judge(criterion, argument, subject);
    if (holds === undefined) {
      return result(`there is no criterion "${written}"`);
    }
    matches &&= holds !== isNegated;
  }
  return result();
}

/** The version for `Match version` when no `ssh` is asked: the release that our parser follows. */
const ownVersion = `OpenSSH_${tableVersion}p1`;

/** Undefined: the criterion does not exist. */
function judge(criterion: string, argument: string, subject: MatchSubject): boolean | undefined {
  switch (criterion) {
    case "host":
      return matchHostNameList(subject.hostName, argument);
    case "originalhost":
      return matchHostNameList(subject.originalHost, argument);
    case "user":
      return matchPatternList(subject.user, argument);
    case "localuser":
      return matchPatternList(subject.localUser, argument);
    case "localnetwork":
      return isOnNetwork(argument);
    case "tagged":
      return subject.tag === "" ? argument === "" : matchPatternList(subject.tag, argument);
    // Users open a shell in a terminal: no command is known yet.
    case "command":
      return argument === "";
    case "sessiontype":
      return matchPatternList(
        subject.sessionType === "none" || subject.sessionType === "subsystem" ? subject.sessionType : "shell",
        argument,
      );
    case "version":
      return matchPatternList(ownVersion, argument);
    default:
      return undefined;
  }
}

/** Whether an interface that is up, other than the loopback, has an address in one of the CIDR ranges. */
function isOnNetwork(ranges: string): boolean {
  const list = new BlockList();
  for (const range of ranges.split(",")) {
    const [address = "", bits] = range.split("/");
    const version = isIP(address);
    const longest = version === 4 ? 32 : 128;
    const prefix = bits === undefined ? longest : Number(bits);
    if (version !== 0 && Number.isInteger(prefix) && prefix >= 0 && prefix <= longest) {
      list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
    }
  }
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(
      ({ address, family, internal }) =>
        !internal && list.check(address, family === "IPv4" ? "ipv4" : "ipv6"),
    );
}
