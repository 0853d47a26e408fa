import { attackBenchmark } from "./attack.ts";
import type { Benchmark } from "./benchmark.ts";
import { bundleBenchmark } from "./bundle.ts";
import { configBenchmark } from "./config.ts";
import { connectionsBenchmark } from "./connections.ts";
import { enginesBenchmark } from "./engines.ts";
import { faultsBenchmark } from "./faults.ts";
import { forwardsBenchmark } from "./forwards.ts";
import { gatewayBenchmark } from "./gateway.ts";
import { keeperBenchmark } from "./keeper.ts";
import { sharingBenchmark } from "./sharing.ts";
import { soakBenchmark } from "./soak.ts";
import { terminalBenchmark } from "./terminal.ts";

/** All benchmarks, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [
  connectionsBenchmark,
  enginesBenchmark,
  faultsBenchmark,
  forwardsBenchmark,
  sharingBenchmark,
  gatewayBenchmark,
  terminalBenchmark,
  bundleBenchmark,
  configBenchmark,
  attackBenchmark,
  keeperBenchmark,
  soakBenchmark,
];
