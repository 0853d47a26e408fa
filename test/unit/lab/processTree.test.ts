import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { peerPorts } from "../../lab/processTree.ts";

test.runIf(process.platform === "linux")(
  "a descriptor that closes during the read hides no connection after it",
  async () => {
    const low = openSync("/dev/null", "r");
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const taken = once(server, "connection");
    const client = connect(port, "127.0.0.1");
    const [socket] = await taken;
    // Its number is the one of our own descriptor for /proc, which is closed when the link is read.
    closeSync(low);
    try {
      expect(peerPorts(process.pid, port)).toEqual([socket.remotePort]);
    } finally {
      client.destroy();
      server.close();
    }
  },
);
