import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { readListeningPorts } from "../../src/remote/listeningPorts.ts";
import { masterExec } from "../../src/remote/masterExec.ts";
import { startSshd } from "../lab/sshdHost.ts";
import { testStack } from "../support/testStack.ts";

test("the ports are read on which the login's own user begins to listen on the server", async () => {
  const host = await startSshd();
  const stack = await testStack(await host.writeSshConfig(host.folder, ["lab"]));
  const servers: Server[] = [];
  try {
    const id = await stack.service.connect("lab");
    const read = async () => {
      const ports = await readListeningPorts({ exec: masterExec(stack.service, id, "lab"), sudo: false });
      return ports ?? [];
    };
    const listen = async (address: string): Promise<number> => {
      const server = createServer();
      servers.push(server);
      server.listen({ port: 0, host: address });
      await once(server, "listening");
      const found = server.address();
      return typeof found === "object" && found !== null ? found.port : 0;
    };
    const before = await read();
    const [four, six, every] = [await listen("127.0.0.1"), await listen("::1"), await listen("0.0.0.0")];
    expect(before.filter(({ port }) => [four, six, every].includes(port))).toEqual([]);
    const after = await read();
    expect(after.find(({ port }) => port === four)).toEqual({ port: four, host: "127.0.0.1" });
    expect(after.find(({ port }) => port === six)).toEqual({ port: six, host: "::1" });
    expect(after.find(({ port }) => port === every)).toEqual({ port: every, host: "localhost" });
  } finally {
    for (const server of servers) {
      server.close();
    }
    await stack[Symbol.asyncDispose]();
    await host.stop();
  }
});
