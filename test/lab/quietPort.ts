import { once } from "node:events";
import { createServer } from "node:net";

/** Below what systems give out by themselves (net.ipv4.ip_local_port_range), and above what services have. */
const [lowest, highest] = [10_000, 30_000] as const;
const given = new Set<number>();

/**
 * A TCP port that nobody has at any address, and that no other program gets by asking for any free one: for tests that
 * ask whether something listens there. Each is given once.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (!given.has(port) && (await isFree(port, "0.0.0.0")) && (await isFree(port, "::"))) {
      given.add(port);
      return port;
    }
  }
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  server.listen({ port, host, ipv6Only: host === "::" });
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
