/**
 * The text about each keyword of ssh_config: what it does here, or why it does nothing and what to use instead. No
 * vscode.
 */
import { t } from "../base/localize.ts";
import { type Keyword, keywordTable } from "../config/keywordTable.ts";

const noX11 = () => t("X11 is not forwarded");
const noHostbased = () => t("Only the engine openssh has host-based authentication");
const noGssapi = () => t("Only the engine openssh has GSSAPI");
const byOpenSsh = () => t("OpenSSH's `ssh` evaluates it; without `ssh`, names are used as they are");
const noEffect = () => t("OpenSSH ignores it");

/** Sentences without their full stop. An alias uses the text of its keyword. */
const texts = (): Readonly<Record<Keyword, string>> => ({
  host: t("Patterns and negations, as in OpenSSH"),
  match: t(
    "All criteria; `exec` runs only if `ssh` is installed, otherwise its blocks are ignored with a warning",
  ),
  include: t("With wildcards, tokens and `~`, up to 16 levels deep"),
  addkeystoagent: t(
    "`yes`, `ask`, `confirm` or a time: the key of a file is added to the agent when it signs",
  ),
  addressfamily: t("Chooses between IPv4 and IPv6"),
  batchmode: t("Nothing is asked, and no password is used"),
  bindaddress: t("The local address of the connection"),
  bindinterface: t("A connection can't be bound to an interface: use its address in BindAddress"),
  canonicaldomains: byOpenSsh(),
  canonicalizefallbacklocal: byOpenSsh(),
  canonicalizehostname: byOpenSsh(),
  canonicalizemaxdots: byOpenSsh(),
  canonicalizepermittedcnames: byOpenSsh(),
  casignaturealgorithms: t("How an authority may have signed a host certificate"),
  certificatefile: t("All of them, in order, in front of other keys; read again for each login"),
  channeltimeout: t("Ends sessions; a setting for the host takes precedence"),
  checkhostip: t("Addresses are not checked in addition to names; the host's name is always checked"),
  ciphers: t("With `+`, `-` and `^`; unsupported ones are ignored"),
  clearallforwardings: t("No forward of ssh_config starts"),
  compression: t("Offers zlib first"),
  connectionattempts: t("One attempt per second"),
  connecttimeout: t("Until the key exchange is complete; default 30 s"),
  controlmaster: t(
    "Connections are shared inside the editor, for every host; with `yes` and `auto`, those of the engine `openssh` also with your own `ssh`",
  ),
  controlpath: t(
    "A connection that your own `ssh` has there is shown, and used if you agree (`sshSessions.sharing.ownMasters`); the engine `openssh` puts its own there",
  ),
  controlpersist: t("How long a connection stays open after its last session, unless a setting overrides it"),
  dynamicforward: t("Starts with the host's first session, and is shown below its connection"),
  enableescapecommandline: t("`~C` opens a command line that starts and cancels forwards"),
  enablesshkeysign: noHostbased(),
  escapechar: t("The escape character of the terminal, or `none`"),
  exitonforwardfailure: t("Refuses the session, not the shared connection"),
  fingerprinthash: t("Fingerprints are shown as SHA256: `ssh-keygen -l -E md5` shows others"),
  forkafterauthentication: t(
    "A terminal in the editor can't go to the background; *Connect* logs in without a session",
  ),
  forwardagent: t("`yes`, a path or a variable"),
  forwardx11: t(`{0}: use \`ssh -X\` in a terminal`, noX11()),
  forwardx11timeout: noX11(),
  forwardx11trusted: noX11(),
  gatewayports: t("Forwards without an address listen on all addresses"),
  globalknownhostsfile: t("Read, never written"),
  gssapiauthentication: t("{0}; `auto` takes it where there is a valid ticket", noGssapi()),
  gssapidelegatecredentials: noGssapi(),
  hashknownhosts: t("Names of new hosts are written as hashes"),
  hostbasedacceptedalgorithms: noHostbased(),
  hostbasedauthentication: t("{0}; `auto` takes it where your own ssh_config asks for it", noHostbased()),
  hostkeyalgorithms: t("With `+`, `-` and `^`; those of known keys are preferred"),
  hostkeyalias: t("The name under which the host key is looked up"),
  hostname: t("With `%h`"),
  identitiesonly: t("Of the agent's keys, only those that IdentityFile names"),
  identityagent: t("A socket, a variable, or `none`"),
  identityfile: t("All of them, in order; private keys, or public keys whose private key is in the agent"),
  ignoreunknown: t("Unknown keywords that match are ignored; all others are errors"),
  ipqos: t("The network priority of connections can't be set: the system's default applies"),
  kbdinteractiveauthentication: t("The server's prompts are shown in the editor"),
  kbdinteractivedevices: t("The server chooses its devices"),
  kexalgorithms: t("With `+`, `-` and `^`; unsupported ones are ignored"),
  knownhostscommand: t("Runs without a shell, for 30 seconds at most, in trusted workspaces only"),
  localcommand: t("Runs only with PermitLocalCommand, which is not honoured"),
  localforward: t("Starts with the host's first session, and is shown below its connection"),
  loglevel: t("`QUIET`, `FATAL` and `ERROR` hide the server's banner; the log has its own levels"),
  logverbose: t("For OpenSSH's developers"),
  macs: t("With `+`, `-` and `^`; unsupported ones are ignored"),
  nohostauthenticationforlocalhost: t("For direct connections to loopback addresses, without HostKeyAlias"),
  numberofpasswordprompts: t("How often a password is asked for"),
  obscurekeystroketiming: t(
    "Keystrokes are sent when they are typed: their timing is visible on the network",
  ),
  passwordauthentication: t("The editor asks for the password"),
  permitlocalcommand: t("No local command is run: run it in a local terminal, or in a task"),
  permitremoteopen: t("The targets that clients of a RemoteForward without a target may reach"),
  pkcs11provider: t(
    "Only the engine openssh loads it; `auto` takes it where your own ssh_config names one. An agent can have the token's keys, too (`ssh-add -s`)",
  ),
  port: t("The server's port"),
  preferredauthentications: t("The order of the methods; unsupported ones are ignored"),
  proxycommand: t("Runs in the user's shell, in trusted workspaces only"),
  proxyjump: t("Each hop is a separate connection, which can be shared"),
  proxyusefdpass: t("A command can't pass a socket: let the ProxyCommand carry the data (`nc` without `-F`)"),
  pubkeyacceptedalgorithms: t(
    "For keys in files and in the agent; RSA with SHA-1 only if this allows it (`+ssh-rsa`)",
  ),
  pubkeyauthentication: t("`unbound` and `host-bound` mean `yes`"),
  refuseconnection: t("No connection is made, and its text is shown"),
  rekeylimit: t("Bytes and time; the server's own limit also applies, and `~R` requests new keys at once"),
  remotecommand: t("Runs in terminals instead of the shell; your own command takes precedence"),
  remoteforward: t("Starts with the host's first session, and is shown below its connection"),
  requesttty: t("As in OpenSSH: with a RemoteCommand, only `yes` and `force` allocate a terminal"),
  requiredrsasize: t("Shorter RSA keys of servers are refused, and those of users are not offered"),
  revokedhostkeys: t(
    "Lists of keys, and key revocation lists of `ssh-keygen -k`; if the file can't be read, all keys are refused",
  ),
  securitykeyprovider: t("For FIDO keys in files; the built-in one is the default"),
  sendenv: t("Sent as far as the server's AcceptEnv allows"),
  serveralivecountmax: t("Unless a workspace setting overrides it"),
  serveraliveinterval: t("Unless a workspace setting overrides it"),
  sessiontype: t("`none` opens no terminal; `subsystem` opens the one that RemoteCommand names"),
  setenv: t("Sent as far as the server's AcceptEnv allows"),
  stdinnull: t("A terminal in the editor always has its input"),
  streamlocalbindmask: t("The umask of the sockets of local listeners"),
  streamlocalbindunlink: t("An existing socket file is removed before a local forward listens"),
  stricthostkeychecking: t("As in OpenSSH; a changed key is refused even with `no`"),
  syslogfacility: t("The log is an output channel of the editor"),
  tag: t("For `Match tagged`"),
  tcpkeepalive: t("Unless a workspace setting overrides it"),
  tunnel: t("No tunnel device is opened: run `ssh -w` in a terminal"),
  tunneldevice: t("No tunnel device is opened"),
  updatehostkeys: t(
    "A trusted server's further keys are added once it has proven that it holds them, and those that it no longer has are removed",
  ),
  user: t("With tokens, as in OpenSSH"),
  userknownhostsfile: t("Read; new keys are written to the first file"),
  verifyhostkeydns: t("SSHFP records are not looked up: check the fingerprint when it is shown"),
  versionaddendum: t("Nothing is added to the version string"),
  visualhostkey: t("No picture of the key is drawn: compare the fingerprint"),
  warnweakcrypto: t("Noted in the log, unless it is `no` or `no-pq-kex`; the hover and `~I` always show it"),
  xauthlocation: noX11(),

  challengeresponseauthentication: "",
  skeyauthentication: "",
  tisauthentication: "",
  dsaauthentication: "",
  identityfile2: "",
  keepalive: "",
  hostbasedkeytypes: "",
  pubkeyacceptedkeytypes: "",
  smartcarddevice: "",

  protocol: noEffect(),
  cipher: noEffect(),
  fallbacktorsh: noEffect(),
  globalknownhostsfile2: noEffect(),
  userknownhostsfile2: noEffect(),
  rhostsauthentication: noEffect(),
  useroaming: noEffect(),
  usersh: noEffect(),
  useprivilegedport: noEffect(),
  afstokenpassing: noEffect(),
  kerberosauthentication: noEffect(),
  kerberostgtpassing: noEffect(),
  rsaauthentication: noEffect(),
  rhostsrsaauthentication: noEffect(),
  compressionlevel: noEffect(),

  usekeychain: t("For macOS; passphrases can be saved in the editor's secret storage"),
  gssapikeyexchange: t("{0}: set `sshSessions.engine` for this host", noGssapi()),
  gssapikexalgorithms: noGssapi(),
  gssapitrustdns: noGssapi(),
  gssapirenewalforcesrekey: noGssapi(),
  gssapiclientidentity: noGssapi(),
  gssapiserveridentity: noGssapi(),
});

/** The text about a keyword, without the full stop. It may contain `code` and *emphasis*. */
export function keywordText(keyword: Keyword): string {
  const { standing, of: other } = keywordTable[keyword];
  return standing === "alias"
    ? t("Another name of {0}", keywordTable[other as Keyword].name)
    : texts()[keyword];
}
