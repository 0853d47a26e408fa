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
