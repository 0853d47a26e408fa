/** The release whose ssh_config(5) and readconf.c the table follows. */
export const tableVersion = "10.5";

/** How this extension treats a keyword. The texts are in `text/keywordTexts.ts`. */
export type Standing =
  /** It works as the manual says. */
  | "honoured"
  /** It has a different effect here, and the user gets a warning. */
  | "not-honoured"
  /** It has no meaning here, because it concerns a program without an editor or a feature that is not offered. */
  | "irrelevant"
  /** OpenSSH itself accepts it and does nothing. */
  | "obsolete"
  /** Another name of the keyword in `of`. */
  | "alias";

export interface KeywordEntry {
  /** As the manual spells it. */
  readonly name: string;
  /** The first OpenSSH release whose readconf.c has it. `vendor`: only in the `ssh` of a distributor. */
  readonly since: string;
  readonly standing: Standing;
  /** For `alias`: the keyword (lower case) that it is an alias of. */
  readonly of?: string;
  /** For `not-honoured`: values that request nothing, so that no warning is needed. */
  readonly asksNothing?: RegExp;
  /** For `not-honoured`: the engine openssh honours it, and `auto` chooses that engine where it matters. */
  readonly isForOpenSsh?: boolean;
}

const no = /^(?:no|false|none)$/i;

function honoured(name: string, since: string): KeywordEntry {
  return { name, since, standing: "honoured" };
}

function notHonoured(name: string, since: string, asksNothing = no): KeywordEntry {
  return { name, since, standing: "not-honoured", asksNothing };
}

function forOpenSsh(name: string, since: string): KeywordEntry {
  return { ...notHonoured(name, since), isForOpenSsh: true };
}

function irrelevant(name: string, since: string): KeywordEntry {
  return { name, since, standing: "irrelevant" };
}

function obsolete(name: string, since: string): KeywordEntry {
  return { name, since, standing: "obsolete" };
}

function alias(name: string, since: string, of: string): KeywordEntry {
  return { name, since, standing: "alias", of };
}

/** Every keyword of ssh_config(5) and of readconf.c, and those of distributors, by lower-case name. */
const table = {
  host: honoured("Host", "1.2.2"),
  match: honoured("Match", "6.5"),
  include: honoured("Include", "7.3"),
  addkeystoagent: honoured("AddKeysToAgent", "7.2"),
  addressfamily: honoured("AddressFamily", "3.7"),
  batchmode: honoured("BatchMode", "1.2.2"),
  bindaddress: honoured("BindAddress", "2.9.9"),
  bindinterface: notHonoured("BindInterface", "7.7"),
  canonicaldomains: honoured("CanonicalDomains", "6.5"),
  canonicalizefallbacklocal: honoured("CanonicalizeFallbackLocal", "6.5"),
  canonicalizehostname: honoured("CanonicalizeHostname", "6.5"),
  canonicalizemaxdots: honoured("CanonicalizeMaxDots", "6.5"),
  canonicalizepermittedcnames: honoured("CanonicalizePermittedCNAMEs", "6.5"),
  casignaturealgorithms: honoured("CASignatureAlgorithms", "7.9"),
  certificatefile: honoured("CertificateFile", "7.2"),
  channeltimeout: honoured("ChannelTimeout", "9.6"),
  checkhostip: notHonoured("CheckHostIP", "1.2.2"),
  ciphers: honoured("Ciphers", "2.1.0"),
  clearallforwardings: honoured("ClearAllForwardings", "2.9.9"),
  compression: honoured("Compression", "1.2.2"),
  connectionattempts: honoured("ConnectionAttempts", "1.2.2"),
  connecttimeout: honoured("ConnectTimeout", "3.7"),
  controlmaster: honoured("ControlMaster", "3.9"),
  controlpath: honoured("ControlPath", "3.9"),
  controlpersist: honoured("ControlPersist", "5.6"),
  dynamicforward: honoured("DynamicForward", "2.9"),
  enableescapecommandline: honoured("EnableEscapeCommandline", "9.2"),
  enablesshkeysign: irrelevant("EnableSSHKeysign", "3.6"),
  escapechar: honoured("EscapeChar", "1.2.2"),
  exitonforwardfailure: honoured("ExitOnForwardFailure", "4.4"),
  fingerprinthash: notHonoured("FingerprintHash", "6.8", /^sha256$/i),
  forkafterauthentication: irrelevant("ForkAfterAuthentication", "8.7"),
  forwardagent: honoured("ForwardAgent", "1.2.2"),
  forwardx11: notHonoured("ForwardX11", "1.2.2"),
  forwardx11timeout: irrelevant("ForwardX11Timeout", "5.6"),
  forwardx11trusted: irrelevant("ForwardX11Trusted", "3.8"),
  gatewayports: honoured("GatewayPorts", "1.2.2"),
  globalknownhostsfile: honoured("GlobalKnownHostsFile", "1.2.2"),
  gssapiauthentication: forOpenSsh("GSSAPIAuthentication", "3.7"),
  gssapidelegatecredentials: irrelevant("GSSAPIDelegateCredentials", "3.7"),
  hashknownhosts: honoured("HashKnownHosts", "4.0"),
  hostbasedacceptedalgorithms: irrelevant("HostbasedAcceptedAlgorithms", "8.7"),
  hostbasedauthentication: forOpenSsh("HostbasedAuthentication", "2.9"),
  hostkeyalgorithms: honoured("HostKeyAlgorithms", "2.9"),
  hostkeyalias: honoured("HostKeyAlias", "2.5.0"),
  hostname: honoured("Hostname", "1.2.2"),
  identitiesonly: honoured("IdentitiesOnly", "3.8.1"),
  identityagent: honoured("IdentityAgent", "7.3"),
  identityfile: honoured("IdentityFile", "1.2.2"),
  ignoreunknown: honoured("IgnoreUnknown", "6.3"),
  ipqos: notHonoured("IPQoS", "5.7"),
  kbdinteractiveauthentication: honoured("KbdInteractiveAuthentication", "2.3.0"),
  kbdinteractivedevices: notHonoured("KbdInteractiveDevices", "2.3.0"),
  kexalgorithms: honoured("KexAlgorithms", "5.7"),
  knownhostscommand: honoured("KnownHostsCommand", "8.5"),
  localcommand: irrelevant("LocalCommand", "4.3"),
  localforward: honoured("LocalForward", "1.2.2"),
  loglevel: honoured("LogLevel", "1.2.2"),
  logverbose: irrelevant("LogVerbose", "8.5"),
  macs: honoured("MACs", "2.5.0"),
  nohostauthenticationforlocalhost: honoured("NoHostAuthenticationForLocalhost", "3.0"),
  numberofpasswordprompts: honoured("NumberOfPasswordPrompts", "1.2.2"),
  obscurekeystroketiming: notHonoured("ObscureKeystrokeTiming", "9.5"),
  passwordauthentication: honoured("PasswordAuthentication", "1.2.2"),
  permitlocalcommand: notHonoured("PermitLocalCommand", "4.3"),
  permitremoteopen: honoured("PermitRemoteOpen", "8.5"),
  pkcs11provider: forOpenSsh("PKCS11Provider", "5.4"),
  port: honoured("Port", "1.2.2"),
  preferredauthentications: honoured("PreferredAuthentications", "2.5.2"),
  proxycommand: honoured("ProxyCommand", "1.2.2"),
  proxyjump: honoured("ProxyJump", "7.3"),
  proxyusefdpass: notHonoured("ProxyUseFdpass", "6.3"),
  pubkeyacceptedalgorithms: honoured("PubkeyAcceptedAlgorithms", "8.5"),
  pubkeyauthentication: honoured("PubkeyAuthentication", "2.5.0"),
  refuseconnection: honoured("RefuseConnection", "10.1"),
  rekeylimit: honoured("RekeyLimit", "3.6.1"),
  remotecommand: honoured("RemoteCommand", "7.6"),
  remoteforward: honoured("RemoteForward", "1.2.2"),
  requesttty: honoured("RequestTTY", "5.9"),
  requiredrsasize: honoured("RequiredRSASize", "9.1"),
  revokedhostkeys: honoured("RevokedHostKeys", "6.8"),
  securitykeyprovider: honoured("SecurityKeyProvider", "8.2"),
  sendenv: honoured("SendEnv", "3.9"),
  serveralivecountmax: honoured("ServerAliveCountMax", "3.8"),
  serveraliveinterval: honoured("ServerAliveInterval", "3.8"),
  sessiontype: honoured("SessionType", "8.7"),
  setenv: honoured("SetEnv", "7.8"),
  stdinnull: irrelevant("StdinNull", "8.7"),
  streamlocalbindmask: honoured("StreamLocalBindMask", "6.7"),
  streamlocalbindunlink: honoured("StreamLocalBindUnlink", "6.7"),
  stricthostkeychecking: honoured("StrictHostKeyChecking", "1.2.2"),
  syslogfacility: irrelevant("SyslogFacility", "7.6"),
  tag: honoured("Tag", "9.4"),
  tcpkeepalive: honoured("TCPKeepAlive", "3.8"),
  tunnel: notHonoured("Tunnel", "4.3"),
  tunneldevice: irrelevant("TunnelDevice", "4.3"),
  updatehostkeys: honoured("UpdateHostKeys", "6.8"),
  user: honoured("User", "1.2.2"),
  userknownhostsfile: honoured("UserKnownHostsFile", "1.2.2"),
  verifyhostkeydns: notHonoured("VerifyHostKeyDNS", "3.7"),
  versionaddendum: notHonoured("VersionAddendum", "10.0"),
  visualhostkey: notHonoured("VisualHostKey", "5.1"),
  warnweakcrypto: honoured("WarnWeakCrypto", "10.1"),
  xauthlocation: irrelevant("XAuthLocation", "2.1.1"),

  challengeresponseauthentication: alias(
    "ChallengeResponseAuthentication",
    "2.5.0",
    "kbdinteractiveauthentication",
  ),
  skeyauthentication: alias("SKeyAuthentication", "1.2.2", "kbdinteractiveauthentication"),
  tisauthentication: alias("TISAuthentication", "1.2.2", "kbdinteractiveauthentication"),
  dsaauthentication: alias("DSAAuthentication", "2.1.0", "pubkeyauthentication"),
  identityfile2: alias("IdentityFile2", "2.1.0", "identityfile"),
  keepalive: alias("KeepAlive", "1.2.2", "tcpkeepalive"),
  hostbasedkeytypes: alias("HostbasedKeyTypes", "6.8", "hostbasedacceptedalgorithms"),
  pubkeyacceptedkeytypes: alias("PubkeyAcceptedKeyTypes", "7.0", "pubkeyacceptedalgorithms"),
  smartcarddevice: alias("SmartcardDevice", "2.9.9", "pkcs11provider"),

  protocol: obsolete("Protocol", "2.1.0"),
  cipher: obsolete("Cipher", "1.2.2"),
  fallbacktorsh: obsolete("FallBackToRsh", "1.2.2"),
  globalknownhostsfile2: obsolete("GlobalKnownHostsFile2", "2.1.0"),
  userknownhostsfile2: obsolete("UserKnownHostsFile2", "2.1.0"),
  rhostsauthentication: obsolete("RhostsAuthentication", "1.2.2"),
  useroaming: obsolete("UseRoaming", "5.3"),
  usersh: obsolete("UseRsh", "1.2.2"),
  useprivilegedport: obsolete("UsePrivilegedPort", "1.2.2"),
  afstokenpassing: obsolete("AFSTokenPassing", "1.2.2"),
  kerberosauthentication: obsolete("KerberosAuthentication", "1.2.2"),
  kerberostgtpassing: obsolete("KerberosTgtPassing", "1.2.2"),
  rsaauthentication: obsolete("RSAAuthentication", "1.2.2"),
  rhostsrsaauthentication: obsolete("RhostsRSAAuthentication", "1.2.2"),
  compressionlevel: obsolete("CompressionLevel", "1.2.2"),

  // Apple's keychain; the GSSAPI key exchange of Debian and Fedora.
  usekeychain: irrelevant("UseKeychain", "vendor"),
  gssapikeyexchange: notHonoured("GSSAPIKeyExchange", "vendor"),
  gssapikexalgorithms: irrelevant("GSSAPIKexAlgorithms", "vendor"),
  gssapitrustdns: irrelevant("GSSAPITrustDns", "vendor"),
  gssapirenewalforcesrekey: irrelevant("GSSAPIRenewalForcesRekey", "vendor"),
  gssapiclientidentity: irrelevant("GSSAPIClientIdentity", "vendor"),
  gssapiserveridentity: irrelevant("GSSAPIServerIdentity", "vendor"),
} as const satisfies Readonly<Record<string, KeywordEntry>>;

/** A keyword in lower case. */
export type Keyword = keyof typeof table;

export const keywordTable: Readonly<Record<Keyword, KeywordEntry>> = table;

export const keywordNames = Object.keys(table) as readonly Keyword[];

export function isKeyword(word: string): word is Keyword {
  return Object.hasOwn(table, word);
}

/**
 * The keyword under which OpenSSH stores what `word` (lower case) sets. Undefined: OpenSSH does not know the word.
 */
export function canonicalKeyword(word: string): Keyword | undefined {
  if (!isKeyword(word)) {
    return undefined;
  }
  const { of: other } = keywordTable[word];
  return other !== undefined && isKeyword(other) ? other : word;
}
