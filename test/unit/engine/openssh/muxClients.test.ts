import { expect, test } from "vitest";
import { MuxClients } from "../../../../src/engine/openssh/muxClients.ts";

test("counts the clients of a master by its log, in the words of old and new versions, in any pieces", () => {
  const clients = new MuxClients();
  const log = [
    "debug1: channel 0: new mux listener [/tmp/control] (inactive timeout: 0)",
    "debug1: channel 1: new mux-control [mux-control] (inactive timeout: 0)",
    "debug1: channel 2: new [mux-control]",
    "debug1: channel 3: new session [client-session] (inactive timeout: 0)",
    "debug1: Remote: debug1: channel 1: free: mux-control, nchannels 5",
    "debug1: channel 12: new [mux-control]",
    "",
  ].join("\n");
  for (const piece of log.match(/[\s\S]{1,7}/g) ?? []) {
    clients.add(piece);
  }
  expect(clients.count).toBe(3);
  clients.add(
    "debug1: channel 3: free: client-session, nchannels 6\ndebug1: channel 2: free: mux-control, nchannels 5\n",
  );
  expect(clients.count).toBe(2);
});

test("a server that invents clients without end is not believed without end", () => {
  const clients = new MuxClients();
  const invented = (id: string): string =>
    `debug1: Remote: x\ndebug1: channel ${id}: new [mux-control] (inactive timeout: 0)\r\n`;
  clients.add(invented("9".repeat(800)));
  expect(clients.count).toBe(0);
  for (let id = 0; id < 20_000; id++) {
    clients.add(invented(`${id}`));
  }
  expect(clients.count).toBe(1_000);
});
