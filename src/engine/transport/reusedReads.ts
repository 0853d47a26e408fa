import type { OnReadOpts, Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Two packets of the largest usual size, with room: a packet that is read in one piece is decrypted in one step. */
const bufferSize = 128 * 1024;

/** The sockets whose data is read into the same buffer each time. */
const reusing = new WeakSet<Duplex>();

/**
 * Option `onread` of net.connect. Node otherwise allocates a buffer for each read outside of the heap, and these
 * allocations make V8 collect the whole heap for every 60 MB or so. The buffer is not shared by sockets, because
 * Windows fills it before it reports the read.
 */
export function readsIntoOneBuffer(socket: () => Socket): OnReadOpts {
  return {
    buffer: Buffer.allocUnsafeSlow(bufferSize),
    callback: (length, buffer) => {
      const stream = socket();
      const data = Buffer.from(buffer.buffer, buffer.byteOffset, length);
      if (!reusing.has(stream) || stream.readableFlowing !== true || stream.readableLength > 0) {
        return stream.push(Buffer.from(data));
      }
      stream.emit("data", data);
      return true;
    },
  };
}

/** From now on the listeners of the socket's data keep nothing of it: the buffer is filled again after they return. */
export function nothingIsKeptOf(socket: Duplex): void {
  reusing.add(socket);
}
