import type { HostConfig } from "../../config/hostConfig.ts";
import type { HelperScripts } from "./helperScripts.ts";
import { quoteForShell } from "./quoteForShell.ts";

export interface SshArgumentsInit {
  readonly config: HostConfig;
  /** For `ssh -F`; empty: OpenSSH's defaults. */
  readonly configFile: string;
  readonly socket: string;
  /** The socket is at the user's ControlPath, so that the user's own `ssh` has its sessions there, too. */
  readonly servesUser: boolean;
  readonly logFile: string;
  readonly helpers: HelperScripts;
  /** Seconds that the master stays after its last client: at least 1, since 0 means for ever. */
  readonly persist: number;
  /** Host key algorithms to offer first. */
  readonly preferred: readonly string[];
  readonly tcpKeepAlive: boolean;
  /** We make the connection to the server, and `ssh` uses it through the relay. */
  readonly relayed: boolean;
  /** This `ssh` supports ForkAfterAuthentication and SessionType (OpenSSH 8.7). */
  readonly isCurrent: boolean;
}

/**
 * The arguments of a master that logs in and then serves this extension. `ssh` uses the first value of each
 * option, so these arguments override the files. Settings of the files that concern the login itself (keys,
 * certificates, GSSAPI, PKCS#11) still apply.
 */
export function sshArguments(init: SshArgumentsInit): string[] {
  const { config, helpers } = init;
  const options: [string, string | number][] = [
    ["ControlPersist", init.persist],
    ["HostName", config.hostName],
    ["User", config.user],
    ["Port", config.port],
    // The host key is verified here, as in the other engine.
    ["KnownHostsCommand", `${quoteForConfig(helpers.hostKey)} %I %t %K`],
    ["UserKnownHostsFile", "none"],
    ["GlobalKnownHostsFile", "none"],
    ["RevokedHostKeys", "none"],
    ["StrictHostKeyChecking", "yes"],
    ["VerifyHostKeyDNS", "no"],
    ["NoHostAuthenticationForLocalhost", "no"],
    ["CheckHostIP", "no"],
    ["UpdateHostKeys", "no"],
    // Sessions and forwards are made by this extension.
    ["RemoteCommand", "none"],
    ["RequestTTY", "no"],
    ["PermitLocalCommand", "no"],
    ["ClearAllForwardings", "yes"],
    ["Tunnel", "no"],
    // Of its clients it passes on only variables that its own SendEnv names, too (client_session2_setup in clientloop.c).
    ["SendEnv", "*"],
    // A master decides these for all of its clients (mux_session_confirm in mux.c): the user's own `ssh` gets what the
    // files say. Its keepalive goes on after we have left; ours accepts any data as a sign of life.
    ...(init.servesUser
      ? []
      : ([
          ["ForwardAgent", "no"],
          ["ForwardX11", "no"],
          ["ServerAliveInterval", 0],
        ] as [string, string | number][])),
    ["TCPKeepAlive", yesNo(init.tcpKeepAlive)],
    ["Compression", yesNo(config.compression)],
    ["ConnectionAttempts", init.relayed ? 1 : config.connectionAttempts],
    ["NumberOfPasswordPrompts", config.numberOfPasswordPrompts],
    ["PubkeyAuthentication", yesNo(config.pubkeyAuthentication)],
    ["PasswordAuthentication", yesNo(config.passwordAuthentication)],
    ["KbdInteractiveAuthentication", yesNo(config.kbdInteractiveAuthentication)],
    ...lists(init),
    ...(init.isCurrent ? ([["ForkAfterAuthentication", "no"]] as [string, string][]) : []),
    ...(init.relayed
      ? ([
          ["ProxyJump", "none"],
          ["ProxyCommand", quoteForShell(helpers.relay).replaceAll("%", "%%")],
        ] as [string, string][])
      : []),
  ];
  return [
    ...(init.configFile === "" ? [] : ["-F", init.configFile]),
    ...["-v", "-M", "-N", "-S", init.socket.replaceAll("%", "%%"), "-E", init.logFile],
    ...options.flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    "--",
    config.alias,
  ];
}

function lists({ config, preferred, relayed }: SshArgumentsInit): [string, string][] {
  const algorithms = (name: string, list: readonly string[] | undefined): [string, string][] =>
    list === undefined ? [] : [[name, list.join(",")]];
  const files = (name: string, list: readonly string[]): [string, string][] =>
    list.map((file) => [name, quoteForConfig(file)]);
  return [
    ...algorithms("Ciphers", config.ciphers),
    ...algorithms("MACs", config.macs),
    ...algorithms("KexAlgorithms", config.kexAlgorithms),
    ...hostKeyAlgorithms(config.hostKeyAlgorithms, preferred),
    ...(config.identityFilesAreDefault
      ? []
      : files("IdentityFile", config.identityFiles.length === 0 ? ["none"] : config.identityFiles)),
    ...files("CertificateFile", config.certificateFiles),
    // If nobody sets it, OpenSSH's default list may contain more methods (gssapi-keyex in some distributions).
    ...((config.sources.get("preferredauthentications")?.kind ?? "default") === "default"
      ? []
      : ([["PreferredAuthentications", config.preferredAuthentications.join(",")]] as [string, string][])),
    ...(config.bindAddress === undefined || relayed
      ? []
      : ([["BindAddress", config.bindAddress]] as [string, string][])),
  ];
}

/** Offers algorithms of known keys first, so that a server with several keys uses a known one. */
function hostKeyAlgorithms(
  configured: readonly string[] | undefined,
  preferred: readonly string[],
): [string, string][] {
  const known = preferred.flatMap((name) => (name === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [name]));
  if (configured !== undefined) {
    // `ssh -G` has already applied `+`, `-` and `^`.
    const first = known.filter((name) => configured.includes(name));
    const names = [...first, ...configured.filter((name) => !first.includes(name))];
    return [["HostKeyAlgorithms", names.join(",")]];
  }
  return known.length === 0 ? [] : [["HostKeyAlgorithms", `^${known.join(",")}`]];
}

function yesNo(on: boolean): string {
  return on ? "yes" : "no";
}

/** Quotes one word for ssh_config and escapes `%`, which begins a token. */
function quoteForConfig(word: string): string {
  const text = word.replaceAll("%", "%%").replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `"${text}"`;
}
