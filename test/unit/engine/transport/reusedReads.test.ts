import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nothingIsKeptOf, readsIntoOneBuffer } from "../../../../src/engine/transport/reusedReads.ts";

describe("reads into one buffer", () => {
  let server: Server;
  let client: Socket;
  let peer: Socket;

  beforeEach(async () => {
    server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const accepted = once(server, "connection");
    client = connect({ port, host: "127.0.0.1", onread: readsIntoOneBuffer(() => client) });
    [peer] = (await accepted) as [Socket];
    if (client.connecting) {
      await once(client, "connect");
    }
  });

  afterEach(() => {
    client.destroy();
    peer.destroy();
    server.close();
  });

  /** Sends the next text when the last one was received. */
  async function received(texts: readonly string[]): Promise<Uint8Array[]> {
    const got: Uint8Array[] = [];
    client.on("data", (data) => got.push(data));
    for (const text of texts) {
      const data = once(client, "data");
      peer.write(text);
      await data;
    }
    return got;
  }

  const asText = (got: readonly Uint8Array[]): string[] => got.map((data) => Buffer.from(data).toString());

  test("data that comes before a listener waits for it, in order", async () => {
    peer.write("early");
    while (client.readableLength < 5) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    nothingIsKeptOf(client);
    let text = "";
    client.on("data", (data) => {
      text += data.toString();
    });
    peer.end("late");
    await once(client, "end");
    expect(text).toBe("earlylate");
  });

  test("each piece has its own memory until nothing is kept of it", async () => {
    expect(asText(await received(["one", "two"]))).toEqual(["one", "two"]);
  });

  test("all pieces share one memory when nothing is kept of them", async () => {
    nothingIsKeptOf(client);
    const got = await received(["one", "two"]);
    expect(got.map(({ buffer }) => buffer)).toEqual([got[0]?.buffer, got[0]?.buffer]);
    expect(asText(got)).toEqual(["two", "two"]);
  });

  test("nothing is read while the socket is paused, and all arrives after it resumes", async () => {
    nothingIsKeptOf(client);
    let bytes = 0;
    client.on("data", (data) => {
      bytes += data.length;
      client.pause();
      setImmediate(() => client.resume());
    });
    const length = 3_000_000;
    peer.end(Buffer.alloc(length));
    await once(client, "end");
    expect(bytes).toBe(length);
  });

  test("the end comes after the data", async () => {
    nothingIsKeptOf(client);
    const got: string[] = [];
    client.on("data", (data) => got.push(data.toString()));
    peer.end("last");
    await once(client, "end");
    expect(got).toEqual(["last"]);
  });
});
