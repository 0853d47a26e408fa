import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { DialledSockets } from "../../../src/forward/dialledSockets.ts";

function socketAt(localPort: number): Socket {
  return Object.assign(new EventEmitter(), { localAddress: "127.0.0.1", localPort }) as unknown as Socket;
}

test("a connection that went through the same forward four times before is a loop", () => {
  const dialled = new DialledSockets();
  const results: boolean[] = [];
  let from: string | undefined = "127.0.0.1:4000";
  for (let port = 5000; port < 5006; port++) {
    results.push(dialled.add(socketAt(port), "f1", from));
    from = `127.0.0.1:${port}`;
  }
  expect(results).toEqual([false, false, false, false, true, true]);
});

test("a loop through two forwards is found, too", () => {
  const dialled = new DialledSockets();
  const results = Array.from({ length: 10 }, (_, at) =>
    dialled.add(socketAt(5000 + at), at % 2 === 0 ? "f1" : "f2", `127.0.0.1:${4999 + at}`),
  );
  expect(results.indexOf(true)).toBe(8);
});

test("clients that happen to have the address of one of our sockets are no loop", () => {
  const dialled = new DialledSockets();
  for (let at = 0; at < 100; at++) {
    // Each of them has the address of the same first socket.
    expect(dialled.add(socketAt(5000 + at), "f1", "127.0.0.1:5000")).toBe(false);
  }
});

test("a closed socket is forgotten", () => {
  const dialled = new DialledSockets();
  for (let at = 0; at < 10; at++) {
    const socket = socketAt(5000 + at);
    expect(dialled.add(socket, "f1", `127.0.0.1:${4999 + at}`)).toBe(false);
    socket.emit("close");
  }
});
