/**
 * Runs all of `hostileServers` in a separate process, for a victim that must not share its event loop with them:
 * `node hostileServerProgram.ts SIZE`. It prints a line of JSON with their ports, then `served N` when the server at
 * index N has finished its attack or lost its client, and ends with its standard input.
 */
import { listenHostile } from "./hostileServer.ts";
import { hostileServers } from "./hostileServers.ts";

const size = Number(process.argv[2]);
const listeners = await Promise.all(
  hostileServers.map(async ({ serve, options }, index) =>
    listenHostile(async (peer) => {
      try {
        await Promise.race([serve(peer, size), peer.gone]);
      } finally {
        console.log(`served ${index}`);
      }
    }, options),
  ),
);
console.log(
  JSON.stringify(
    hostileServers.map(({ name, config = "" }, index) => ({ name, config, port: listeners[index]?.port })),
  ),
);
process.stdin.on("end", () => process.exit());
process.stdin.resume();
