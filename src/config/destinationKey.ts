import type { HostConfig } from "./hostConfig.ts";

/**
 * Identifies a destination with one opaque string; hosts with the same string share a master. It covers the user,
 * host name, port, route (jump chain or proxy command, bind address), the expected host key, and the identity. Two
 * aliases that differ only in keepalive or environment share a connection; two that log in with different keys don't.
 * Neither do two that check the server's key by different files or rules, or allow different algorithms, login
 * methods or addresses: one might have refused what the other accepted. Nor do two that differ in Compression or
 * RekeyLimit: each follows its own lines, as in `ssh`. An agent named for forwarding must not be replaced by that of
 * another alias.
 */
export function destinationKey(config: HostConfig): string {
  return JSON.stringify([
    config.user,
    config.hostName.toLowerCase(),
    config.port,
    config.proxyJump.map((hop) => [hop.user ?? null, hop.alias, hop.port ?? null]),
    config.proxyCommand ?? null,
    config.bindAddress ?? null,
    config.hostKeyAlias ?? null,
    config.identityFilesAreDefault ? null : config.identityFiles,
    config.certificateFiles,
    config.identitiesOnly,
    config.identityAgent ?? null,
    config.strictHostKeyChecking,
    config.userKnownHostsFiles,
    config.globalKnownHostsFiles,
    config.revokedHostKeysFiles,
    config.knownHostsCommand ?? null,
    config.noHostAuthenticationForLocalhost,
    config.requiredRsaSize,
    [config.hostKeyAlgorithms, config.kexAlgorithms, config.ciphers, config.macs].map((list) => list ?? null),
    config.caSignatureAlgorithms ?? null,
    config.addressFamily,
    config.compression,
    [config.rekeyLimit?.bytes ?? null, config.rekeyLimit?.seconds ?? null],
    [config.pubkeyAuthentication, config.passwordAuthentication, config.kbdInteractiveAuthentication],
    config.preferredAuthentications,
    config.pubkeyAcceptedAlgorithms ?? null,
    typeof config.forwardAgent === "string" ? config.forwardAgent : null,
  ]);
}
