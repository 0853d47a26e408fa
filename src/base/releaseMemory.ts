/** Smaller pieces may share it: PieceQueue and zlib fill blocks of this size, Buffer.allocUnsafe has a pool. */
const mostShared = 16 * 1024;

/** The bytes around the data of a packet: its head, and padding. */
const mostAround = 64;

/**
 * Frees the memory of a large piece at once, if nothing else is in it. Otherwise V8 collects the whole heap after each
 * 64 MB or so of such memory, and the memory that follows is not in the processor's cache. The piece is empty
 * afterwards. Only the sole owner may call it.
 */
export function releaseMemory({ buffer, byteLength }: Uint8Array): void {
  const isAlone = byteLength > mostShared && buffer.byteLength - byteLength <= mostAround;
  // Node has it since version 22.
  if (isAlone && "transfer" in buffer && typeof buffer.transfer === "function") {
    buffer.transfer(0);
  }
}
