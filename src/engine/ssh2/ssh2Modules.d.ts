// Internal modules of ssh2 1.17.0, which @types/ssh2 doesn't describe. Only ssh2Protocol.ts may import them; the bundle
// takes them from the same file as `ssh2` itself (esbuild.config.ts).

declare module "ssh2/lib/protocol/constants.js" {
  const constants: {
    readonly SUPPORTED_KEX: string[];
    readonly SUPPORTED_SERVER_HOST_KEY: string[];
    readonly SUPPORTED_CIPHER: readonly string[];
    readonly SUPPORTED_MAC: readonly string[];
    readonly DEFAULT_MAC: readonly string[];
    /** The flaws of known software (RFC 4253 section 4.2, softwareversion). */
    readonly COMPAT_CHECKS: readonly (readonly [string | RegExp, number])[];
  };
  export = constants;
}

declare module "ssh2/lib/protocol/utils.js" {
  const utils: {
    /** Encrypts and writes a packet made by the protocol's packet writer, or queues it during a key exchange. */
    sendPacket(protocol: unknown, packet: Uint8Array): boolean;
    /**
     * Sends SSH_MSG_DISCONNECT with this code, then reports the error; the protocol is unusable afterwards. Returns
     * Infinity.
     */
    doFatalError(protocol: unknown, error: Error, code: number): number;
  };
  export = utils;
}

declare module "ssh2/lib/protocol/kex.js" {
  const kex: {
    /** Sends SSH_MSG_KEXINIT; from then on other messages are queued. */
    kexinit(protocol: unknown): void;
  };
  export = kex;
}

declare module "ssh2/lib/protocol/crypto.js" {
  interface CipherInfo {
    /** OpenSSL's name. */
    readonly sslName: string;
    readonly keyLen: number;
    readonly ivLen: number;
    readonly blockLen: number;
    /** Above 0: the cipher includes authentication. */
    readonly authLen: number;
  }
  interface MacInfo {
    readonly len: number;
  }
  const crypto: {
    readonly CIPHER_INFO: Readonly<Record<string, CipherInfo>>;
    readonly MAC_INFO: Readonly<Record<string, MacInfo>>;
    createCipher(config: { readonly outbound: object }): object;
    createDecipher(config: { readonly inbound: object }): object;
    readonly NullDecipher: new (sequence: number, onPayload: (payload: Buffer) => unknown) => object;
  };
  export = crypto;
}

declare module "ssh2/lib/protocol/zlib.js" {
  const zlib: {
    readonly PacketReader: new () => object;
    readonly PacketWriter: new (protocol: unknown) => object;
    readonly ZlibPacketReader: new () => object;
    readonly ZlibPacketWriter: new (protocol: unknown) => object;
  };
  export = zlib;
}

declare module "ssh2/lib/protocol/handlers.js" {
  /** By message number: parses a message and calls the protocol's handler for it. */
  const handlers: readonly (((protocol: unknown, payload: Buffer) => unknown) | undefined)[];
  export = handlers;
}
