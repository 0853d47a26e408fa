/** Lists the hosts of a home folder in a new process; prints the time in milliseconds. */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { configEnvironment } from "../../src/config/configEnvironment.ts";
import { ConfigFiles } from "../../src/config/configFiles.ts";
import type { HostSettings } from "../../src/config/configPorts.ts";
import { KeptHostList } from "../../src/config/keptHostList.ts";

const [homedir = ""] = process.argv.slice(2);
const environment = configEnvironment({ homedir, systemFolder: `${homedir}/etc` });
const listed = new KeptHostList(environment, new ConfigFiles(environment));
/** The same array for unchanged settings, as in the extension. */
const settings: readonly HostSettings[] = [];

async function timedList(): Promise<number> {
  const start = performance.now();
  const { hosts, problems } = await listed.list("", settings);
  const took = performance.now() - start;
  if (hosts.length !== 10_000 || problems.length > 0) {
    throw new Error(`${hosts.length} hosts, ${problems.length} problems`);
  }
  return took;
}

// The first turns of the event loop belong to the start of the process.
await new Promise((resolve) => {
  setTimeout(resolve, 50);
});
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const cold = await timedList();
// The pending sample is only taken in the next turn.
await new Promise((resolve) => {
  setTimeout(resolve, 5);
});
delay.disable();
const warm = await timedList();
console.log(JSON.stringify({ cold, warm, block: delay.max / 1e6 }));
