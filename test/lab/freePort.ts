import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";

/** Kept open as long as this process runs. */
const reservations: Socket[] = [];

/**
 * A TCP port that is free on all addresses. It is below the ports that the system assigns to clients, so that no
 * connection uses it even while a server is down. This process keeps the UDP port of the same number until it ends:
 * another process that calls this gets another port.
 */
export async function freePort(): Promise<number> {
  const end = await firstClientPort();
  for (;;) {
    const port = randomInt(10_000, end);
    const reservation = await reserve(port);
    if (reservation !== undefined) {
      if ((await canListen(port, "0.0.0.0")) && (await canListen(port, "::"))) {
        reservations.push(reservation);
        return port;
      }
      reservation.close();
    }
  }
}

/**
 * Linux assigns 32768 and above to clients (ip(7), ip_local_port_range), other systems 49152 and above (RFC 6335).
 */
async function firstClientPort(): Promise<number> {
  const range = await readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8").catch(() => "32768");
  const first = Number.parseInt(range, 10);
  return first > 20_000 ? first : 32_768;
}

function reserve(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => {
      socket.unref();
      resolve(socket);
    });
  });
}

/** Also true if the system has no such address: then nothing can listen there. */
function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    server.listen({ port, host, ipv6Only: host === "::", exclusive: true }, () =>
      server.close(() => resolve(true)),
    );
  });
}
