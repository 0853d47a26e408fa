import type { HostSettings, SettingLayer, SettingsFolder, SettingsPort } from "./configPorts.ts";
import { type EngineName, engineNames } from "./engineNames.ts";
import { parseForward } from "./forwardSpec.ts";
import type { HostConfig, KeepalivePolicy, LingerPolicy, ValueSource } from "./hostConfig.ts";
import { isValidHost, isValidUser } from "./hostSpec.ts";
import { matchPatterns } from "./patterns.ts";
import { flag, oneOf, text, textThat, wholeNumber } from "./settingValues.ts";

/** What is known of a host: at least its alias. Without the other fields, ssh_config's layer counts as not set. */
export type PolicyHost = Pick<HostConfig, "alias"> &
  Partial<
    Pick<
      HostConfig,
      "sources" | "serverAliveInterval" | "serverAliveCountMax" | "tcpKeepAlive" | "controlPersist"
    >
  >;

/** An effective value, with the layer that set it. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: ValueSource;
}

export interface PolicyRule<T> {
  /** Returns the value if it is valid; undefined: it counts as not set. */
  readonly parse: (value: unknown) => T | undefined;
  readonly default: T;
  /**
   * The key below `sshSessions.` that sets the value for all hosts; undefined: only entries of `sshSessions.hosts`
   * set it.
   */
  readonly setting?: string;
  /** The keyword of ssh_config(5), in lower case, that sets the value. */
  readonly keyword?: string;
  readonly fromConfig?: (host: PolicyHost) => T | undefined;
}

export type ReconnectPolicy = "auto" | "ask" | "never";
export type ClipboardPolicy = "off" | "ask" | "on";
export type EngineChoice = "auto" | EngineName;
export type Persistence = "none" | "tmux" | "screen" | "zellij" | { readonly command: string };

/** One of the tools that we support, or `{ "command": "… {name} …" }`. */
function parsePersistence(value: unknown): Persistence | undefined {
  const command =
    typeof value === "object" && value !== null && "command" in value ? text(value.command) : undefined;
  return command?.includes("{name}") === true
    ? { command }
    : oneOf("none", "tmux", "screen", "zellij")(value);
}

function forwardTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter(isForward) : undefined;
}

function isForward(value: unknown): value is string {
  try {
    return typeof value === "string" && parseForward(value) !== undefined;
  } catch {
    return false;
  }
}

function rule<T>(described: PolicyRule<T>): PolicyRule<T> {
  return described;
}

const seconds = wholeNumber(0);

const rules = {
  // What chooses the destination. ssh_config's own values of these are the resolver's.
  hostName: rule<string | undefined>({ parse: textThat(isValidHost), default: undefined }),
  user: rule<string | undefined>({ parse: textThat(isValidUser), default: undefined }),
  port: rule<number | undefined>({ parse: wholeNumber(1, 65_535), default: undefined }),

  // How it is shown.
  /** The group of the Hosts view that shows the host. */
  group: rule<string | undefined>({
    parse: textThat((name) => name.length <= 80),
    default: undefined,
  }),

  // What belongs to the connection.
  /** What makes it; see `EngineTable`. */
  engine: rule<EngineChoice>({
    parse: oneOf("auto", ...engineNames),
    default: "auto",
    setting: "engine",
  }),
  /** Seconds. OpenSSH's own default is 0, but an idle terminal should survive a NAT's timeout. */
  serverAliveInterval: rule({
    parse: seconds,
    default: 30,
    setting: "keepalive.serverAliveInterval",
    keyword: "serveraliveinterval",
    fromConfig: (host) => host.serverAliveInterval,
  }),
  serverAliveCountMax: rule({
    parse: wholeNumber(1),
    default: 3,
    setting: "keepalive.serverAliveCountMax",
    keyword: "serveralivecountmax",
    fromConfig: (host) => host.serverAliveCountMax,
  }),
  tcpKeepAlive: rule({
    parse: flag,
    default: true,
    setting: "keepalive.tcpKeepAlive",
    keyword: "tcpkeepalive",
    fromConfig: (host) => host.tcpKeepAlive,
  }),
  /** Seconds; -1: no limit. */
  linger: rule({
    parse: wholeNumber(-1),
    default: 600,
    setting: "master.linger",
    keyword: "controlpersist",
    fromConfig: ({ controlPersist }) => (controlPersist === Number.POSITIVE_INFINITY ? -1 : controlPersist),
  }),
  /** The peer never replies to probes: silence alone does not end the connection. */
  ignoreMissingReplies: rule({ parse: flag, default: false }),

  // What belongs to each session. Limits are seconds; 0: none.
  timeLimit: rule({ parse: seconds, default: 0, setting: "limits.timeLimit" }),
  idleLimit: rule({ parse: seconds, default: 0, setting: "limits.idleLimit" }),
  commandTimeLimit: rule({ parse: seconds, default: 0, setting: "limits.commandTimeLimit" }),
  reconnect: rule<ReconnectPolicy>({
    parse: oneOf("auto", "ask", "never"),
    default: "auto",
    setting: "reconnect",
  }),
  persistence: rule<Persistence>({ parse: parsePersistence, default: "none", setting: "persistence" }),
  /** `utf-8`, or a name that iconv knows. */
  encoding: rule({
    parse: textThat((name) => /^[\w.:()+-]{1,64}$/.test(name)),
    default: "utf-8",
    setting: "encoding",
  }),
  /** What to do with text that a program on the server copies to the clipboard (OSC 52). */
  clipboardWrite: rule<ClipboardPolicy>({
    parse: oneOf("off", "ask", "on"),
    default: "on",
    setting: "clipboard.write",
  }),
  /** Kilobytes at once. */
  clipboardLimit: rule({ parse: wholeNumber(1, 10_000), default: 1000, setting: "clipboard.limit" }),

  // What holds for forwards.
  /** Texts for `parseForward`; an invalid one is left out. */
  forwards: rule<readonly string[]>({ parse: forwardTexts, default: [] }),
  /** LocalForward and similar keywords start with the first session, as with `ssh`. */
  forwardsFromConfig: rule<ReconnectPolicy>({
    parse: oneOf("auto", "ask", "never"),
    default: "auto",
    setting: "forwards.fromConfig",
  }),
  /** Saved forwards listen without a connection, and log in for the first client. */
  forwardsOnDemand: rule({ parse: flag, default: true, setting: "forwards.onDemand" }),
  /** Ports that programs print or begin to listen on are offered. */
  forwardsDetect: rule({ parse: flag, default: true, setting: "forwards.detect" }),
  /** A forward keeps its connection open, as a session does. */
  forwardsKeepConnection: rule({ parse: flag, default: true }),

  // What holds for the server's own view.
  /** `sudo -n` may be used to read and end remote logins. */
  sudo: rule({ parse: flag, default: false }),
  /** Minutes without input and output after which a sleeping login counts as hung; 0: never. */
  hungAfterMinutes: rule({ parse: seconds, default: 30, setting: "remote.hungAfterMinutes" }),
};

type Rules = typeof rules;
export type PolicyKey = keyof Rules;
export type PolicyValue<K extends PolicyKey> = Rules[K] extends PolicyRule<infer T> ? T : never;

/**
 * Every value that can be set per host. To add one, add an entry here and one in package.json (below
 * `sshSessions.hosts`, and as a separate setting if `setting` names one); a test compares both.
 */
export const hostPolicyRules: { readonly [K in PolicyKey]: PolicyRule<PolicyValue<K>> } = rules as {
  readonly [K in PolicyKey]: PolicyRule<PolicyValue<K>>;
};

export const policyKeys = Object.keys(rules) as readonly PolicyKey[];

/** The patterns of an entry, separated by blanks or commas. */
export function entryPatterns(entry: Pick<HostSettings, "pattern">): readonly string[] {
  return entry.pattern.split(/[\s,]+/).filter((pattern) => pattern !== "");
}

/** The value of the first entry that matches `alias` and sets `key` to a valid value. */
export function entryValue<K extends PolicyKey>(
  entries: readonly HostSettings[],
  alias: string,
  key: K,
): { readonly value: NonNullable<PolicyValue<K>>; readonly pattern: string } | undefined {
  const { parse } = hostPolicyRules[key];
  for (const entry of entries) {
    const value = parse(entry[key]);
    if (value !== undefined && value !== null && matchPatterns(alias, entryPatterns(entry))) {
      return { value, pattern: entry.pattern };
    }
  }
  return undefined;
}

/** The valid entries of `sshSessions.hosts`. An entry without a pattern and an invalid value are left out. */
export function parseHostEntries(value: unknown): readonly HostSettings[] | undefined {
  return Array.isArray(value) ? value.flatMap((entry) => parseEntry(entry) ?? []) : undefined;
}

function parseEntry(value: unknown): HostSettings | undefined {
  // Stryker disable next-line all: for the compiler; what is no object has no pattern either.
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  const given: Readonly<Record<string, unknown>> = { ...value };
  const pattern = text(given["pattern"]);
  if (pattern === undefined) {
    return undefined;
  }
  const values = policyKeys
    .map((key) => [key, hostPolicyRules[key].parse(given[key])] as const)
    .filter(([, parsed]) => parsed !== undefined);
  return { ...Object.fromEntries(values), pattern };
}

/**
 * The effective values of a host. Only this class knows the layers; the first valid value counts: entry of
 * `sshSessions.hosts`, workspace folder, workspace, ssh_config, user setting, default. It reads the settings at every
 * call, so that a change takes effect at once.
 */
export class HostPolicies {
  readonly #settings: SettingsPort;

  constructor(settings: SettingsPort) {
    this.#settings = settings;
  }

  /** @param folder whose settings apply; undefined: no folder's. */
  get<K extends PolicyKey>(key: K, host: PolicyHost, folder?: SettingsFolder): Sourced<PolicyValue<K>> {
    const { setting, fromConfig, keyword = "", default: otherwise } = hostPolicyRules[key];
    const entry = entryValue(this.#settings.hosts, host.alias, key);
    if (entry !== undefined) {
      return { value: entry.value, source: { kind: "hostSetting", pattern: entry.pattern } };
    }
    const ofLayer = (layer: SettingLayer): Sourced<PolicyValue<K>> | undefined =>
      setting === undefined ? undefined : this.#read(key, setting, layer, folder);
    const ofConfig = hostPolicyRules[key].parse(fromConfig?.(host));
    return (
      (folder && ofLayer("workspaceFolder")) ??
      ofLayer("workspace") ??
      (ofConfig === undefined
        ? undefined
        : { value: ofConfig, source: host.sources?.get(keyword) ?? { kind: "sshConfig" } }) ??
      ofLayer("user") ?? { value: otherwise, source: { kind: "default" } }
    );
  }

  keepalive(host: PolicyHost, folder?: SettingsFolder): KeepalivePolicy {
    const interval = this.get("serverAliveInterval", host, folder);
    const countMax = this.get("serverAliveCountMax", host, folder);
    const tcp = this.get("tcpKeepAlive", host, folder);
    return {
      serverAliveInterval: interval.value,
      serverAliveCountMax: countMax.value,
      tcpKeepAlive: tcp.value,
      sources: {
        serverAliveInterval: interval.source,
        serverAliveCountMax: countMax.source,
        tcpKeepAlive: tcp.source,
      },
    };
  }

  linger(host: PolicyHost, folder?: SettingsFolder): LingerPolicy {
    const { value, source } = this.get("linger", host, folder);
    return { seconds: value === -1 ? Number.POSITIVE_INFINITY : value, source };
  }

  #read<K extends PolicyKey>(
    key: K,
    setting: string,
    layer: SettingLayer,
    folder: SettingsFolder | undefined,
  ): Sourced<PolicyValue<K>> | undefined {
    const value = hostPolicyRules[key].parse(this.#settings.read(setting, layer, folder));
    return value === undefined
      ? undefined
      : {
          value,
          source: {
            kind: "setting",
            setting: `sshSessions.${setting}`,
            layer,
            ...(layer === "workspaceFolder" && folder !== undefined && { folder: folder.name }),
          },
        };
  }
}
