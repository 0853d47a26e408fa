import { createServer } from "node:net";

/** A TCP port of `address` that nobody listens on now. Somebody may take it before you do: be ready to ask again. */
export function freePort(address = "127.0.0.1"): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, address, () => {
      const bound = server.address();
      server.close(() =>
        typeof bound === "object" && bound !== null ? resolve(bound.port) : reject(new Error("no port")),
      );
    });
  });
}
