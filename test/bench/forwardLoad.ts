/**
 * The client and the target of forwards, in separate processes so that they use none of our processor time: started
 * by `LoadProcess`, one request at a time. A target echoes its input; after `G` and a number it sends that many
 * bytes.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export type LoadQuestion =
  | { readonly kind: "serve" }
  /** A plain proxy to the port: what Node needs for two sockets, without SSH. */
  | { readonly kind: "proxy"; readonly port: number }
  /** The given number of connections one after the other in each of `lanes`, each with one byte there and back. */
  | { readonly kind: "connections"; readonly port: number; readonly count: number; readonly lanes: number }
  | { readonly kind: "download"; readonly port: number; readonly streams: number; readonly bytes: number }
  /** One byte there and back on one connection, repeatedly. */
  | { readonly kind: "round-trips"; readonly port: number; readonly count: number }
  /** The given number of connections that stay open, each with one byte there and back. */
  | { readonly kind: "hold"; readonly port: number; readonly count: number }
  | { readonly kind: "release" };

/** Milliseconds; for `serve` and `proxy`, the port; for `hold`, how many are open. */
export type LoadAnswer = readonly number[];

const chunk = Buffer.alloc(65_536, "0123456789abcdef");
const held: Socket[] = [];

async function serve(): Promise<number> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      if (data[0] === 0x47 && data.length > 1) {
        void give(socket, Number(data.toString("latin1", 1)));
      } else {
        socket.write(data);
      }
    });
  });
  return await listen(server);
}

async function proxy(port: number): Promise<number> {
  const options = { allowHalfOpen: true, noDelay: true };
  return await listen(
    createServer(options, (client) => {
      const target = connect({ ...options, port, host: "127.0.0.1" });
      client.on("error", () => target.destroy());
      target.on("error", () => client.destroy());
      client.pipe(target).pipe(client);
    }),
  );
}

async function listen(server: Server): Promise<number> {
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function give(socket: Socket, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= chunk.length) {
    if (!socket.write(left < chunk.length ? chunk.subarray(0, left) : chunk)) {
      await once(socket, "drain");
    }
  }
  socket.end();
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  socket.setNoDelay(true);
  return socket;
}

async function echo(socket: Socket): Promise<void> {
  socket.write("x");
  await once(socket, "data");
}

async function lane(port: number, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const socket = await open(port);
    await echo(socket);
    socket.destroy();
  }
}

async function download(port: number, bytes: number): Promise<void> {
  const socket = await open(port);
  let got = 0;
  socket.on("data", (data) => {
    got += data.length;
  });
  socket.write(`G${bytes}`);
  await once(socket, "close");
  if (got !== bytes) {
    throw new Error(`${got} of ${bytes} bytes came`);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function answer(question: LoadQuestion): Promise<LoadAnswer> {
  switch (question.kind) {
    case "serve":
      return [await serve()];
    case "proxy":
      return [await proxy(question.port)];
    case "connections": {
      const { port, count, lanes } = question;
      return [await timed(() => Promise.all(Array.from({ length: lanes }, () => lane(port, count / lanes))))];
    }
    case "download": {
      const { port, streams, bytes } = question;
      return [
        await timed(() =>
          Promise.all(Array.from({ length: streams }, () => download(port, Math.floor(bytes / streams)))),
        ),
      ];
    }
    case "round-trips": {
      const socket = await open(question.port);
      const times: number[] = [];
      for (let n = 0; n < question.count; n++) {
        times.push(await timed(() => echo(socket)));
      }
      socket.destroy();
      return times;
    }
    case "hold": {
      // Fifty at a time, because a listener's backlog is short.
      for (let left = question.count; left > 0; left -= 50) {
        const opened = await Promise.all(
          Array.from({ length: Math.min(50, left) }, async () => {
            const socket = await open(question.port);
            await echo(socket);
            return socket;
          }),
        );
        held.push(...opened);
      }
      await Promise.all(held.map(echo));
      return [held.length];
    }
    case "release":
      for (const socket of held.splice(0)) {
        socket.destroy();
      }
      return [];
  }
}

if (process.send !== undefined) {
  process.on("message", (question: LoadQuestion) => {
    answer(question).then(
      (numbers) => process.send?.({ numbers }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
}
