/** The document of *Explain Host…*: every value that is used to connect to a host, and its source. No vscode. */

import type { KeyPlan } from "../auth/keyPlan.ts";
import { t } from "../base/localize.ts";
import type { HostConfig, ValueSource } from "../config/hostConfig.ts";
import { formatHostSpec } from "../config/hostSpec.ts";
import type { Keyword } from "../config/keywordTable.ts";
import { isKeyword, keywordNames, keywordTable } from "../config/keywordTable.ts";
import { knownHostName } from "../trust/knownHosts.ts";
import { configWarningText } from "./configWarningText.ts";
import { destinationText } from "./humanText.ts";
import { type LinkedText, LinkedTextBuilder, type LinkTarget, type Piece } from "./linkedText.ts";
import { following } from "./messageParts.ts";
import { noneText } from "./stateWords.ts";
import { shortPath, valueSourceText } from "./valueSourceText.ts";

/** One hop of the chain; `error` is the message where it can't be resolved. */
export type ExplainedHop =
  | { readonly host: string; readonly config: HostConfig }
  | { readonly host: string; readonly error: string };

/** A value from the settings, with the layer that set it. */
export interface ExplainedPolicy {
  readonly key: string;
  readonly value: unknown;
  readonly source: ValueSource;
}

export interface HostExplanation {
  /** As typed. */
  readonly host: string;
  readonly config: HostConfig;
  readonly hops: readonly ExplainedHop[];
  readonly policies: readonly ExplainedPolicy[];
  readonly keys: KeyPlan;
  /** `sshSessions.configFile`; empty: OpenSSH's own files. */
  readonly configFile: string;
  /** The home directory, shown as `~`. */
  readonly home: string;
}

/** A file can list any number of keys, files and hosts. */
const mostListed = 100;

/** The keywords shown for a hop, besides its destination. */
const hopKeywords: readonly Keyword[] = [
  "user",
  "hostname",
  "port",
  "identityfile",
  "identityagent",
  "hostkeyalias",
  "stricthostkeychecking",
  "userknownhostsfile",
  "proxycommand",
];

export function explainHost(explanation: HostExplanation): LinkedText {
  const { host, config, configFile, home } = explanation;
  const out = new LinkedTextBuilder();
  const from = (source: ValueSource | undefined): Piece => sourcePiece(source ?? { kind: "default" }, home);
  const file = (path: string): Piece => ({
    text: shortPath(path, home),
    target: /^(?:[/\\]|[a-z]:)/i.test(path) ? { kind: "file", file: path } : undefined,
  });

  out.line(t(`How SSH Sessions connects to "{0}"`, host));
  out.line(
    "ssh_config: ",
    configFile === "" ? t("OpenSSH's own files") : file(configFile),
    configFile === "" ? "" : " (sshSessions.configFile)",
  );

  out.heading(t("Destination"));
  out.line(destinationText(config));
  for (const keyword of ["hostname", "user", "port"] as const) {
    out.line(
      ...row(
        keywordTable[keyword].name,
        `${{ hostname: config.hostName, user: config.user, port: config.port }[keyword]}`,
      ),
      isNameItself(keyword, config) ? t("the name itself") : from(config.sources.get(keyword)),
    );
  }

  out.heading(t("Route"));
  chain(out, explanation, from);

  out.heading(t("Login"));
  out.line(...row(t("Methods"), methods(config).join(", ") || noneText()));
  out.line(
    ...row(t("Agent"), explanation.keys.agent ?? noneText()),
    from(config.sources.get("identityagent")),
  );
  keys(out, explanation.keys, config);

  out.heading(t("Host keys"));
  out.line(
    ...row(t("Checked"), config.strictHostKeyChecking),
    from(config.sources.get("stricthostkeychecking")),
  );
  out.line(
    ...row(t("Looked up as"), config.hostKeyAlias ?? knownHostName(config.hostName, config.port)),
    config.hostKeyAlias === undefined ? t("the host name") : from(config.sources.get("hostkeyalias")),
  );
  files(out, t("Own files"), config.userKnownHostsFiles.map(file));
  files(out, t("Machine's files"), config.globalKnownHostsFiles.map(file));

  out.heading(t("Not honoured"));
  if (config.warnings.length === 0) {
    out.line(t("Everything in the files is honoured."));
  }
  for (const warning of config.warnings.slice(0, mostListed)) {
    const target: LinkTarget | undefined =
      "file" in warning && warning.file !== undefined
        ? {
            kind: "file",
            file: warning.file,
            ...("line" in warning && warning.line !== undefined && { line: warning.line }),
          }
        : undefined;
    out.line("* ", { text: configWarningText(warning, home), target });
  }

  more(out, config.warnings.length);

  out.heading(t("Connection and sessions"));
  for (const { key, value, source } of explanation.policies) {
    out.line(
      ...row(key, typeof value === "string" ? value : (JSON.stringify(value) ?? t("not set"))),
      from(source),
    );
  }

  values(out, config, from);
  return out.build();
}

/** Nothing sets HostName, so that the host is connected to by the name that was chosen or typed. */
function isNameItself(keyword: Keyword, { alias, hostName, sources }: HostConfig): boolean {
  return (
    keyword === "hostname" && hostName === alias && (sources.get(keyword)?.kind ?? "default") === "default"
  );
}

function more(out: LinkedTextBuilder, count: number): void {
  if (count > mostListed) {
    out.line(t("  … and {0} more", count - mostListed));
  }
}

/** Two columns; a long first column moves the second to the right. */
function row(label: string, value: string): readonly Piece[] {
  return [`${label.padEnd(30)} `, `${value.padEnd(30)}  `];
}

function sourcePiece(source: ValueSource, home: string): Piece {
  return { text: valueSourceText(source, home), target: sourceTarget(source) };
}

function sourceTarget(source: ValueSource): LinkTarget | undefined {
  switch (source.kind) {
    case "sshConfig":
      return source.file === undefined
        ? undefined
        : { kind: "file", file: source.file, ...(source.line !== undefined && { line: source.line }) };
    case "setting":
      return { kind: "setting", setting: source.setting };
    case "hostSetting":
      return { kind: "setting", setting: "sshSessions.hosts" };
    case "default":
    case "commandLine":
      return undefined;
  }
}

function chain(
  out: LinkedTextBuilder,
  { config, hops }: HostExplanation,
  from: (source: ValueSource | undefined) => Piece,
): void {
  if (config.proxyCommand !== undefined) {
    out.line(...row("ProxyCommand", config.proxyCommand), from(config.sources.get("proxycommand")));
  } else if (hops.length === 0) {
    out.line(t("Directly, without a jump host."));
  } else {
    out.line(
      ...row("ProxyJump", config.proxyJump.map((hop) => formatHostSpec(hop)).join(",")),
      from(config.sources.get("proxyjump")),
    );
  }
  hops.forEach((hop, index) => {
    out.line();
    if ("error" in hop) {
      out.line(`${index + 1}. ${hop.host}: ${hop.error}`);
      return;
    }
    out.line(`${index + 1}. ${hop.host}: ${destinationText(hop.config)}`);
    for (const keyword of hopKeywords) {
      const source = hop.config.sources.get(keyword);
      if (source !== undefined && source.kind !== "default") {
        out.line("   ", ...row(keywordTable[keyword].name, shownValue(keyword, hop.config)), from(source));
      }
    }
  });
}

/** In the order in which they are tried; disabled ones are left out. */
function methods(config: HostConfig): readonly string[] {
  const isOn: Readonly<Record<string, boolean>> = {
    publickey: config.pubkeyAuthentication,
    password: config.passwordAuthentication && !config.batchMode,
    "keyboard-interactive": config.kbdInteractiveAuthentication && !config.batchMode,
  };
  return config.preferredAuthentications.filter((method) => isOn[method] === true);
}

function keys(out: LinkedTextBuilder, { keys: tried, problems }: KeyPlan, config: HostConfig): void {
  if (!config.pubkeyAuthentication) {
    out.line(t("No key is tried: PubkeyAuthentication is off."));
    return;
  }
  out.line(
    tried.length === 0 ? t("There is no key to try.") : t("Keys, in the order in which they are tried:"),
  );
  tried.slice(0, mostListed).forEach((key, index) => {
    out.line(`  ${index + 1}. ${key}`);
  });
  more(out, tried.length);
  for (const problem of problems.slice(0, mostListed)) {
    out.line(t("  Not used: {0}", problem));
  }
  more(out, problems.length);
}

function files(out: LinkedTextBuilder, label: string, list: readonly Piece[]): void {
  if (list.length === 0) {
    out.line(...row(label, noneText()));
  }
  list.slice(0, mostListed).forEach((path, index) => {
    out.line(`${(index === 0 ? label : "").padEnd(30)} `, path);
  });
}

/** Every value of ssh_config: first those that are set, then OpenSSH's defaults. */
function values(
  out: LinkedTextBuilder,
  config: HostConfig,
  from: (source: ValueSource | undefined) => Piece,
): void {
  const shown = keywordNames.filter(
    (keyword) =>
      config.values.has(keyword) &&
      keywordTable[keyword].standing !== "alias" &&
      keywordTable[keyword].standing !== "obsolete",
  );
  const isSet = (keyword: Keyword): boolean =>
    (config.sources.get(keyword) ?? { kind: "default" }).kind !== "default";
  for (const [title, wanted] of [
    [t("Values set in ssh_config"), true],
    [t("Default values of ssh_config"), false],
  ] as const) {
    out.heading(title);
    const some = shown.filter((keyword) => isSet(keyword) === wanted);
    for (const keyword of some) {
      const { name, standing } = keywordTable[keyword];
      const note = wanted && standing !== "honoured" ? following(t("(no effect here)")) : "";
      out.line(...row(name, shownValue(keyword, config)), from(config.sources.get(keyword)), note);
    }
    if (some.length === 0) {
      out.line(t("None."));
    }
  }
}

/** The values of SetEnv may be secrets: only the names are shown. */
function shownValue(keyword: string, { values: all }: HostConfig): string {
  const list = (isKeyword(keyword) ? all.get(keyword) : undefined) ?? [];
  return keyword === "setenv"
    ? list.map((assignment) => `${assignment.slice(0, assignment.indexOf("="))}=…`).join(" ")
    : list.join(" ");
}
