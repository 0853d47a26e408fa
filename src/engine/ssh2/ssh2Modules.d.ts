// Internal modules of ssh2 1.17.0, which @types/ssh2 doesn't describe. Only ssh2Internals.ts may import them.

declare module "ssh2/lib/protocol/constants.js" {
  const constants: {
    readonly SUPPORTED_KEX: readonly string[];
    readonly SUPPORTED_SERVER_HOST_KEY: readonly string[];
    readonly SUPPORTED_CIPHER: readonly string[];
    readonly SUPPORTED_MAC: readonly string[];
    readonly DEFAULT_KEX: readonly string[];
    readonly DEFAULT_MAC: readonly string[];
  };
  export = constants;
}

declare module "ssh2/lib/protocol/utils.js" {
  const utils: {
    /** Encrypts and writes a packet made by the protocol's packet writer, or queues it during a key exchange. */
    sendPacket(protocol: unknown, packet: Uint8Array): boolean;
  };
  export = utils;
}

declare module "ssh2/lib/protocol/handlers.js" {
  /** By message number; each parses a payload and calls one of the protocol's handlers. */
  const handlers: (((protocol: object, payload: Buffer) => unknown) | undefined)[];
  export = handlers;
}
