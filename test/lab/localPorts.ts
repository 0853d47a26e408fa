import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { until } from "./until.ts";

/** Something accepts connections at the local port. */
export async function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  return await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  }).finally(() => socket.destroy());
}

/** The reply of an echo server at the local port, once it listens. */
export async function echoed(port: number): Promise<string> {
  await until(() => listens(port), `port ${port} listens`);
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end("hello");
  return await text(socket);
}

/** What comes back through a SOCKS5 proxy (RFC 1928) from a server at `target` that echoes. */
export async function echoedBySocks(proxy: number, target: number): Promise<string> {
  const socket = connect(proxy, "127.0.0.1");
  const read = async (length: number): Promise<Buffer> => {
    for (;;) {
      const data: Buffer | null = socket.read(length);
      if (data !== null) {
        return data;
      }
      await once(socket, "readable");
    }
  };
  socket.write(Buffer.of(5, 1, 0));
  const method = await read(2);
  socket.write(Buffer.of(5, 1, 0, 1, 127, 0, 0, 1, target >> 8, target & 0xff));
  const reply = await read(10);
  if (method[1] !== 0 || reply[1] !== 0) {
    throw new Error(`the proxy refuses: ${method[1]}, ${reply[1]}`);
  }
  socket.write("hello");
  const answer = await read("hello".length);
  socket.destroy();
  return answer.toString();
}
