import type { HostConfig } from "./hostConfig.ts";

/**
 * What makes two hosts the same destination, as one opaque string: masters are shared by it. User, host name, port,
 * the way there (jump chain or proxy command, bind address), which key must be shown, and whose identity is used:
 * two aliases that differ only in keepalive or environment share a connection; two that log in with different keys don't.
 * Nor do two that judge the server's key by different files or rules, or allow different algorithms, methods of login or
 * addresses: what one of them let in, the other might have refused. Nor do two of which one compresses, or makes new keys
 * at another limit: each has what its own lines say, as in `ssh`. An agent named for forwarding must not be replaced by
 * that of another alias.
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
