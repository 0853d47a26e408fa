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
